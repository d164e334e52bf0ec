-- SPDX-License-Identifier: BSD-2-Clause
create table item (id integer primary key, name text, weight real, data blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000)
	insert into item select i, 'item' || (i * 7919 % 400009), i % 977 / 3.0,
		zeroblob(i % 300) from n;
create index by_name on item (name);
create table part (item integer, other integer, amount integer);
insert into part select id, id * 31 % 400000, id % 13 from item;
create index by_other on part (other, item);
select count(*), sum(weight), max(name) from item where name > 'item3';
select p.amount, count(*), avg(i.weight) from part p join item i on i.id = p.other
	group by p.amount order by 2, 1;
update item set name = name || 'x', data = zeroblob(id % 500) where id % 3 = 0;
delete from item where id % 5 = 0;
select count(distinct substr(name, 1, 7)), sum(length(data)) from item;
select group_concat(name, ',') is not null from (select name from item order by weight, name);
