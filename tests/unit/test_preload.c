/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs the time shim can be preloaded into (harness/lab/preload.h). */
#include "suite.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "lab/preload.h"

static char *folder;

static char *write_program(const char *name, const void *bytes, size_t size)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, bytes, (gssize)size, NULL));
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
    return path;
}

static void assert_carries(const char *path)
{
    g_autofree char *why = NULL;
    bool carries = preload_check(path, &why);
    ASSERT_TEXT(why ? why : "", "");
    CU_ASSERT_TRUE(carries);
}

static void assert_refused(const char *path, const char *reason)
{
    g_autofree char *why = NULL;
    CU_ASSERT_FALSE(preload_check(path, &why));
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    if (!strstr(why, reason))
        ASSERT_TEXT(why, reason);
}

static void assert_script(const char *text, const char *reason)
{
    g_autofree char *path = write_program("script", text, strlen(text));
    if (reason)
        assert_refused(path, reason);
    else
        assert_carries(path);
}

static void test_usual_programs(void)
{
    assert_carries("/bin/true");
    assert_carries("/bin/sh");
    assert_carries("/proc/self/exe");
}

static void test_scripts(void)
{
    assert_script("#!/bin/sh\nexit 0\n", NULL);
    assert_script("#! /bin/sh -e\n", NULL);
    assert_script("#!/usr/bin/env sh\n", NULL);
    assert_script("#!/usr/bin/env -S LANG=C sh -e\n", NULL);
    assert_script("echo execvp runs this with a shell\n", NULL);
    assert_script("", NULL);
    assert_script("#!\n", "without an interpreter");
    assert_script("#!/no/such/interpreter\n", "/no/such/interpreter cannot be read");
    assert_script("#!/usr/bin/env no-such-interpreter\n", "is not found");
    assert_script("#!/usr/bin/env\n", "is not found");
    assert_script("#!/usr\n", "is no file");
}

static void test_script_of_itself(void)
{
    g_autofree char *path = g_build_filename(folder, "script", NULL);
    g_autofree char *text = g_strdup_printf("#!%s\n", path);
    assert_script(text, "too many scripts");
}

static void test_static_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *beside = g_path_get_dirname(self);
    g_autofree char *path = g_build_filename(beside, "clock_static", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        puts("  no static program could be built here");
        return;
    }
    assert_refused(path, "is linked statically");
    g_autofree char *script = g_strdup_printf("#!%s\n", path);
    if (strlen(script) < 200)
        assert_script(script, "is a script, and");
}

/* The bytes of a dynamically linked program, and its segments in them. */
static char *load_true(size_t *ret_size, Elf64_Ehdr **ret_header, Elf64_Phdr **ret_first)
{
    char *bytes;
    gsize size;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents("/bin/true", &bytes, &size, NULL));
    *ret_size = size;
    *ret_header = (Elf64_Ehdr *)bytes;
    *ret_first = (Elf64_Phdr *)(bytes + (*ret_header)->e_phoff);
    return bytes;
}

static Elf64_Phdr *find_segment(const Elf64_Ehdr *header, Elf64_Phdr *first,
                                unsigned type)
{
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (first[i].p_type == type)
            return &first[i];
    CU_FAIL_FATAL("/bin/true lacks a segment");
    return NULL;
}

static void test_every_prefix(void)
{
    Elf64_Ehdr *header;
    Elf64_Phdr *first;
    size_t size;
    g_autofree char *bytes = load_true(&size, &header, &first);
    for (size_t n = SELFMAG; n <= 1024; n++) {
        g_autofree char *path = write_program("prefix", bytes, n);
        g_autofree char *why = NULL;
        if (preload_check(path, &why))
            CU_FAIL("a file that is cut short is taken for a whole one");
        CU_ASSERT_PTR_NOT_NULL(why);
    }
}

static void assert_changed(const char *bytes, size_t size, const char *reason)
{
    g_autofree char *path = write_program("changed", bytes, size);
    assert_refused(path, reason);
}

static void test_other_programs(void)
{
    Elf64_Ehdr *header;
    Elf64_Phdr *first;
    size_t size;
    g_autofree char *bytes = load_true(&size, &header, &first);
    const Elf64_Ehdr whole = *header;

    header->e_machine ^= 1;
    assert_changed(bytes, size, "another kind of processor");
    *header = whole;
    header->e_ident[EI_CLASS] = ELFCLASS32;
    assert_changed(bytes, size, "no 64-bit program");
    *header = whole;
    header->e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    assert_changed(bytes, size, "another kind of processor");
    *header = whole;
    header->e_phoff = UINT64_MAX - 8;
    assert_changed(bytes, size, "no whole ELF file");
    *header = whole;
    header->e_phnum = UINT16_MAX;
    assert_changed(bytes, size, "no program that can be told");
    *header = whole;

    Elf64_Phdr *linker = find_segment(header, first, PT_INTERP);
    const Elf64_Phdr before = *linker;
    bytes[before.p_offset + 1] = 'L';
    assert_changed(bytes, size, "another C library (/L");
    bytes[before.p_offset + 1] = 'l';
    linker->p_filesz = UINT64_MAX;
    assert_changed(bytes, size, "no whole ELF file");
    linker->p_filesz = before.p_filesz - 1; /* no NUL at its end */
    assert_changed(bytes, size, "no whole ELF file");
    *linker = before;
    linker->p_type = PT_NULL;
    assert_changed(bytes, size, "is linked statically");
}

static void test_go(void)
{
    static const struct {
        Elf64_Nhdr note;
        char name[4], id[8];
    } go = { { .n_namesz = 3, .n_descsz = 8, .n_type = 4 }, "Go", "abcdefg" };
    Elf64_Ehdr *header;
    Elf64_Phdr *first;
    size_t size;
    g_autofree char *bytes = load_true(&size, &header, &first);
    Elf64_Phdr *note = find_segment(header, first, PT_NOTE);
    CU_ASSERT_TRUE_FATAL(note->p_filesz >= sizeof go);
    memcpy(bytes + note->p_offset, &go, sizeof go);
    note->p_filesz = sizeof go;
    assert_changed(bytes, size, "is a Go program");
    /* Notes that claim more than there is. */
    Elf64_Nhdr endless = { .n_namesz = UINT32_MAX, .n_descsz = UINT32_MAX };
    memcpy(bytes + note->p_offset, &endless, sizeof endless);
    g_autofree char *path = write_program("endless", bytes, size);
    assert_carries(path);
    note->p_filesz = UINT64_MAX;
    assert_changed(bytes, size, "no whole ELF file");
}

static void test_needs_wall_clock(void)
{
    struct {
        Elf64_Nhdr note;
        char name[8], text[12];
    } own = { { .n_namesz = 7, .n_descsz = 12, .n_type = 1 }, "rtclab", "is\n\377slow." };
    Elf64_Ehdr *header;
    Elf64_Phdr *first;
    size_t size;
    g_autofree char *bytes = load_true(&size, &header, &first);
    Elf64_Phdr *note = find_segment(header, first, PT_NOTE);
    CU_ASSERT_TRUE_FATAL(note->p_filesz >= sizeof own);
    memcpy(bytes + note->p_offset, &own, sizeof own);
    note->p_filesz = sizeof own;
    assert_changed(bytes, size, "is \uFFFDslow.");
    /* A reason that is not there, and one that claims more than there is. */
    own.note.n_descsz = 0;
    memcpy(bytes + note->p_offset, &own, sizeof own);
    assert_changed(bytes, size, "needs the wall clock");
    own.note.n_descsz = UINT32_MAX;
    memcpy(bytes + note->p_offset, &own, sizeof own);
    assert_changed(bytes, size, "is \uFFFDslow.");
    own.note.n_type = 2;
    memcpy(bytes + note->p_offset, &own, sizeof own);
    g_autofree char *path = write_program("other", bytes, size);
    assert_carries(path);
}

static void test_privileges(void)
{
    g_autofree char *bytes = NULL;
    gsize size;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents("/bin/true", &bytes, &size, NULL));
    g_autofree char *path = write_program("setuid", bytes, size);
    CU_ASSERT_EQUAL(chmod(path, 04755), 0);
    assert_carries(path); /* of this very user: nothing is gained */
    if (geteuid() != 0) {
        puts("  not root: no file can be another user's");
        return;
    }
    CU_ASSERT_EQUAL(chown(path, 65534, 0), 0);
    CU_ASSERT_EQUAL(chmod(path, 04755), 0);
    assert_refused(path, "gains privileges");
    CU_ASSERT_EQUAL(chown(path, 0, 65534), 0);
    CU_ASSERT_EQUAL(chmod(path, 02755), 0);
    assert_refused(path, "gains privileges");
    CU_ASSERT_EQUAL(chmod(path, 02745), 0);
    assert_carries(path);
}

static void test_no_programs(void)
{
    assert_refused("/no/such/file", "cannot be read");
    assert_refused("/bin", "is no file");
    assert_refused("/dev/null", "is no file");
    g_autofree char *path = write_program("binary", "MZ\0\1", 4);
    assert_refused(path, "no program that can be told");
}

static const struct test tests[] = {
    { "usual programs carry a preloaded library", test_usual_programs },
    { "a script does if its interpreters do", test_scripts },
    { "a script that names itself ends", test_script_of_itself },
    { "a static program does not", test_static_program },
    { "no prefix of a program is taken for one", test_every_prefix },
    { "programs for another machine or C library do not", test_other_programs },
    { "a Go program does not", test_go },
    { "one that says so does not, and why", test_needs_wall_clock },
    { "a program that gains privileges does not", test_privileges },
    { "what is no program does not", test_no_programs },
};

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("rtclab-test-XXXXXX", NULL);
    int status = suite_run("preload", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    return status;
}
