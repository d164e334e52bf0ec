# SPDX-License-Identifier: BSD-2-Clause
"""Objects of all kinds: trees, dictionaries, strings that grow, lists that are sorted,
and all of it again in threads."""
import json
import threading


class Node:
    def __init__(self, depth):
        self.value = depth
        self.left = Node(depth - 1) if depth else None
        self.right = Node(depth - 1) if depth else None

    def total(self):
        if self.left is None:
            return self.value
        return self.value + self.left.total() + self.right.total()


def trees():
    kept = Node(14)
    return sum(Node(11).total() for _ in range(40)) + kept.total()


def dictionaries():
    table = {}
    for i in range(300000):
        table["key%d" % (i * 7919 % 100003)] = (i, str(i) * (i % 5))
    for i in range(0, 100003, 2):
        table.pop("key%d" % i, None)
    return len(table)


def documents():
    document = [{"id": i, "name": "n" * (i % 50), "tags": ["t%d" % (i % k) for k in range(1, 8)]}
                for i in range(20000)]
    return sum(len(d["tags"]) for d in json.loads(json.dumps(document)))


def strings():
    total = 0
    for size in range(1, 3000, 7):
        parts = [bytearray(size * k) for k in range(1, 60)]
        total += len(b"".join(parts))
    text = ""
    for i in range(100000):
        text += "%d," % i
    return total + sum(map(int, sorted(text.split(",")[:-1])))


def main():
    print(trees(), dictionaries(), documents(), strings())
    threads = [threading.Thread(target=work) for work in (trees, dictionaries, documents, strings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
