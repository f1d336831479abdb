/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where the shim enters the kernel.
 *
 * It is a function in assembly and not inline, for three reasons: its instructions have
 * unwind tables, so that a thread can be cancelled in it; arguments need no constraints;
 * and the audit (audit.c) can have it jump to a page at an address that is the same in
 * all processes, which is how a seccomp filter tells the shim's calls from others.
 */
#include "shim/raw.h"

#include <stddef.h>

void *raw_trampoline = NULL;

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl raw_syscall\n"
        ".hidden raw_syscall\n"
        ".hidden raw_trampoline\n"
        ".type raw_syscall, @function\n"
        "raw_syscall:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "    mov raw_trampoline(%rip), %r11\n"
        "    test %r11, %r11\n"
        "    jnz 1f\n"
        "    syscall\n"
        "    ret\n"
        "1:  jmp *%r11\n"
        "    .cfi_endproc\n"
        ".size raw_syscall, .-raw_syscall\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl raw_syscall\n"
        ".hidden raw_syscall\n"
        ".hidden raw_trampoline\n"
        ".type raw_syscall, %function\n"
        "raw_syscall:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    adrp x16, raw_trampoline\n"
        "    ldr x16, [x16, :lo12:raw_trampoline]\n"
        "    cbnz x16, 1f\n"
        "    svc #0\n"
        "    ret\n"
        "1:  br x16\n"
        "    .cfi_endproc\n"
        ".size raw_syscall, .-raw_syscall\n");
#else
#error "the shim knows how to enter the kernel on x86-64 and aarch64 only"
#endif
