/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform page and the boot protocol of freestanding guests: the contract
 * between the monitor and a guest program, beside the virtio devices.
 *
 * The platform page is one 4 KiB page at PLATFORM_BASE. The guest reads it as
 * plain memory (it is a read-only memory slot, so a read costs no exit); a
 * store into it is an exit that the storing vCPU's own thread serves before the
 * store completes. Stores of 8 bytes at the PLATFORM_* doorbell offsets are
 * calls; any other store is ignored and counted.
 *
 * All fields are little-endian. Addresses are guest-physical unless said.
 *
 * Boot: the monitor loads the program's ELF64 segments, builds GDT, IDT, TSS
 * and page tables and starts vCPU 0 at the ELF entry in 64-bit mode, at CPL 0 or
 * CPL 3, with
 *   RDI = vCPU number, RSI = PLATFORM_VA, RSP = top of a PLATFORM_STACK_SIZE stack
 *   (guard page below), GS base = PLATFORM_PERCPU_VA(vCPU), all else 0,
 *   interrupts off. The other vCPUs start the same way, at the same entry, when
 *   the guest rings PLATFORM_START_CPUS.
 */
#ifndef VIRTIO_ABI_PLATFORM_H
#define VIRTIO_ABI_PLATFORM_H

#include <linux/types.h>

#define PLATFORM_MAGIC   0x524f53495642414cull /* "LABVISOR" */
#define PLATFORM_VERSION 1

/* Guest-physical layout. RAM is at 0; the heap lies above it. */
#define PLATFORM_BASE        0xd0000000ull
#define PLATFORM_MMIO_BASE   0xd0001000ull /* virtio-mmio device i at + i * stride */
#define PLATFORM_MMIO_STRIDE 0x1000ull
#define PLATFORM_MMIO_MAX    64
#define PLATFORM_HOLE_BASE   0xd0000000ull /* neither RAM nor heap in here */
#define PLATFORM_HOLE_END    0x100000000ull
#define PLATFORM_MAX_CPUS    16

/*
 * Guest-virtual layout (4-level paging). The lower half is the program's: user
 * address spaces are built there by the runtime. The program's image is linked
 * in the top 2 GiB (-mcmodel=kernel) at PLATFORM_IMAGE_VA and up, and mapped with
 * the permissions of its segments. The direct map covers RAM, the MMIO pages, the
 * page map and the heap, writable and not executable; RAM by 4 KiB or 2 MiB
 * pages, the heap by 2 MiB pages. Frame 0 of RAM is not mapped anywhere.
 * With the runtime at CPL 3 all of these pages are user-accessible.
 */
#define PLATFORM_DIRECT_VA 0xffff888000000000ull
#define PLATFORM_IMAGE_VA  0xffffffff80000000ull
#define PLATFORM_VA        (PLATFORM_DIRECT_VA + PLATFORM_BASE)

/* What the monitor adds to a program's RAM for what its runtime keeps of each frame: bytes for each
 * frame of RAM and of the heap's window. */
#define PLATFORM_PAGE_ROOM 64

/* Per vCPU, mapped by the monitor: a stack between guard pages, an exception
 * stack between guard pages, and zeroed per-vCPU data (GS base). */
#define PLATFORM_VCPU_VA            0xfffffe8000000000ull
#define PLATFORM_VCPU_STRIDE        0x100000ull
#define PLATFORM_STACK_SIZE         0x10000ull
#define PLATFORM_EXC_STACK_SIZE     0x4000ull
#define PLATFORM_PERCPU_SIZE        0x10000ull
#define PLATFORM_STACK_TOP(cpu)     (PLATFORM_VCPU_VA + (cpu)*PLATFORM_VCPU_STRIDE + 0x20000)
#define PLATFORM_EXC_STACK_TOP(cpu) (PLATFORM_VCPU_VA + (cpu)*PLATFORM_VCPU_STRIDE + 0x30000)
#define PLATFORM_PERCPU_VA(cpu)     (PLATFORM_VCPU_VA + (cpu)*PLATFORM_VCPU_STRIDE + 0x40000)

/* Selectors, laid out as Linux has them. TSS.RSP0 and IST1 are private to the
 * monitor's layout: a supervisor stack a vCPU on which the CPU enters a gate. */
#define PLATFORM_KERNEL_CS 0x10
#define PLATFORM_KERNEL_DS 0x18
#define PLATFORM_USER_DS   0x2b
#define PLATFORM_USER_CS   0x33

/*
 * An ELF note tells the monitor where the program's exception vectors are: owner
 * PLATFORM_NOTE_NAME, type PLATFORM_NOTE_BOOT, contents struct platform_note. IDT
 * gate v (v < 32, and PLATFORM_INT_* with DPL 3) goes to vectors + v * stride, at
 * CPL 0, on IST1 when taken at CPL 0, on RSP0 (the same stack) from CPL 3.
 */
#define PLATFORM_NOTE_NAME "Slabvisor"
#define PLATFORM_NOTE_BOOT 1
#define PLATFORM_VECTORS   256

struct platform_note {
	__le32 version; /* PLATFORM_VERSION */
	__le32 stride;  /* bytes between vector entry points */
	__le64 vectors; /* virtual address of vector 0's entry point */
};

#define PLATFORM_MAX_MODULES 16
#define PLATFORM_MODULE_NAME 40

struct platform_module {
	__le64 addr;                     /* page-aligned, zero-filled to the page's end */
	__le64 size;                     /* bytes */
	char name[PLATFORM_MODULE_NAME]; /* base name of the file */
};

struct platform_page {
	__le64 magic;
	__le32 version;
	__le32 cpus;
	__le32 ring; /* CPL the program runs at: 0 or 3 */
	__le32 flags;
	__le64 ram_size;     /* RAM is [0, ram_size) */
	__le64 ram_free;     /* [ram_free, ram_free_end) is the program's to use, */
	__le64 ram_free_end; /* page-aligned, all zero at start */
	__le64 page_table;   /* the PML4 in use; tables lie in RAM, U/S as the ring */
	__le64 tsc_khz;
	__le64 wall_ns;      /* CLOCK_REALTIME when vCPU 0 was started, ns */
	__le64 args;         /* argc NUL-terminated strings one after the other */
	__le32 args_size;    /* bytes, NULs included */
	__le32 argc;         /* args[0] is the program's name */
	__le32 mmio_devices; /* virtio-mmio devices present */
	__le32 modules;
	__le64 image_base; /* guest-physical address of PLATFORM_IMAGE_VA's frame */
	__le64 reserved[2];
	struct platform_module module[PLATFORM_MAX_MODULES];
	/* Live counters, by vCPU: exits to the monitor so far. */
	__le64 exits[PLATFORM_MAX_CPUS];
	/* ... of which exits that rang a virtio queue. */
	__le64 kicks[PLATFORM_MAX_CPUS];
};

/* Doorbells: offsets into the page, 8-byte stores. */
#define PLATFORM_EXIT       0xf00 /* value: status; ends the guest */
#define PLATFORM_CONSOLE    0xf08 /* value: PLATFORM_CONSOLE_VAL(addr, len) */
#define PLATFORM_CONSOLE_IN 0xf10 /* value: addr of struct platform_read */
#define PLATFORM_WAIT       0xf18 /* value: addr of struct platform_wait */
#define PLATFORM_WAKE       0xf20 /* value: addr of struct platform_wake */
#define PLATFORM_FAULT      0xf28 /* value: addr of struct platform_fault; ends the guest */
#define PLATFORM_START_CPUS 0xf30 /* value ignored; vCPUs 1.. start */
#define PLATFORM_TLB_FLUSH  0xf38 /* value ignored; all vCPUs' TLBs are clean on return */

/* Writes len (at most 65535) bytes at addr (below 2^48) to the console. */
#define PLATFORM_CONSOLE_VAL(addr, len) ((__u64)(len) << 48 | (__u64)(addr))

/* Reads from the console; blocks until there is input or its end. */
struct platform_read {
	__le64 addr;
	__le32 size;
	__le32 result; /* written by the monitor: bytes read; 0: end of input */
};

/*
 * Blocks the vCPU while the naturally aligned 32-bit word at addr has the
 * expected value, until it is woken, or timeout_ns have passed (0: no limit), or
 * a device has something to say. The check and the sleep are one atomic step
 * with respect to PLATFORM_WAKE, as FUTEX_WAIT's are. May return early.
 */
struct platform_wait {
	__le64 addr;
	__le32 expected;
	__le32 result; /* written: 0 woken or value differs, else a positive errno */
	__le64 timeout_ns;
};

struct platform_wake {
	__le64 addr;
	__le32 count;  /* most vCPUs to wake */
	__le32 result; /* written: vCPUs woken */
};

/* What the guest says of a fault it does not survive. */
#define PLATFORM_FAULT_BUG 0xffffffffu /* vector: the runtime's own BUG() */

struct platform_fault {
	__le32 vector; /* exception number, or PLATFORM_FAULT_BUG */
	__le32 error;  /* error code, 0 if the exception has none */
	__le64 cr2;    /* faulting address (vector 14), or the address at issue (BUG) */
	__le64 rip, rsp, rflags, rbp;
	__le64 rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	__le64 message; /* guest-physical, or 0: NUL-terminated text, at most 255 bytes */
	__le32 frames;  /* return addresses in trace[] */
	__le32 cs;
	__le64 trace[16];
};

_Static_assert(sizeof(struct platform_module) == 56, "module layout");
_Static_assert(sizeof(struct platform_page) <= PLATFORM_EXIT, "platform page layout");
_Static_assert(sizeof(struct platform_read) == 16, "read layout");
_Static_assert(sizeof(struct platform_wait) == 24, "wait layout");
_Static_assert(sizeof(struct platform_wake) == 16, "wake layout");
_Static_assert(sizeof(struct platform_fault) == 16 + 32 + 14 * 8 + 16 + 128, "fault layout");

#endif
