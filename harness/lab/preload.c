/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading just enough of an executable: the ELF header, the program headers, the name of
 * the dynamic linker, the notes; or a script's first line, and then its interpreter. What
 * a file says of itself is not trusted: whatever is not there or out of bounds makes it a
 * program that cannot be told, which is one that cannot be preloaded.
 *
 * LD_PRELOAD is honoured by the dynamic linker (ld.so(8)), so there must be one: the same
 * as rtclab's own, as the shim is linked against the same C library. It is ignored in
 * "secure execution", which the kernel asks for (AT_SECURE) when executing the file
 * changes the user or group, or gives capabilities to a user that is not root.
 *
 * A Go program loads the library when it is linked dynamically, but makes its system
 * calls without the C library; it is told by the note that Go's linker leaves. A program
 * may say in a note of its own that it needs the wall clock (base/clock_note.h).
 *
 * Not looked at: what a program starts in turn. That is found when it runs
 * (coordinator.c).
 */
#include "lab/preload.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock_note.h"
#include "base/script.h"

enum {
    MAX_INTERPRETERS = 5, /* a script's script …; Linux gives up sooner */
    MAX_HEADERS_BYTES = 1 << 16,
    MAX_NOTES_BYTES = 1 << 16,
    GO_BUILD_ID = 4, /* the type of Go's note, whose name is "Go" */
};

struct elf {
    int fd;
    Elf64_Ehdr header;
    Elf64_Phdr *segments; /* header.e_phnum of them */
};

static bool read_at(int fd, uint64_t offset, void *out, size_t size)
{
    if (offset > INT64_MAX - size)
        return false;
    return pread(fd, out, size, (off_t)offset) == (ssize_t)size;
}

static bool fail(char **ret_why, char *why_consumed)
{
    *ret_why = why_consumed;
    return false;
}

static bool fail_short(char **ret_why)
{
    return fail(ret_why, g_strdup("is no whole ELF file"));
}

/* ---- ELF ---- */

static void elf_clear(struct elf *elf)
{
    g_clear_pointer(&elf->segments, g_free);
}

/* The headers of a file of the same class and byte order as this program. */
static bool elf_read(int fd, struct elf *ret, char **ret_why)
{
    struct elf elf = { .fd = fd };
    Elf64_Ehdr *header = &elf.header;
    if (!read_at(fd, 0, header, EI_NIDENT))
        return fail_short(ret_why);
    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        return fail(ret_why, g_strdup("is no 64-bit program"));
    const uint8_t own_order = G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
    if (header->e_ident[EI_DATA] != own_order)
        return fail(ret_why, g_strdup("is for another kind of processor"));
    if (!read_at(fd, 0, header, sizeof *header))
        return fail_short(ret_why);
    size_t size = (size_t)header->e_phnum * sizeof *elf.segments;
    if (header->e_phentsize != sizeof *elf.segments || header->e_phnum == 0 ||
        size > MAX_HEADERS_BYTES)
        return fail(ret_why, g_strdup("is no program that can be told"));
    elf.segments = g_malloc(size);
    if (!read_at(fd, header->e_phoff, elf.segments, size)) {
        elf_clear(&elf);
        return fail_short(ret_why);
    }
    *ret = elf;
    return true;
}

/* Whether all that would be loaded is there. */
static bool elf_is_whole(const struct elf *elf)
{
    struct stat info;
    if (fstat(elf->fd, &info) != 0)
        return false;
    uint64_t size = (uint64_t)info.st_size;
    for (unsigned i = 0; i < elf->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];
        if (segment->p_type == PT_LOAD &&
            (segment->p_offset > size || segment->p_filesz > size - segment->p_offset))
            return false;
    }
    return true;
}

/* The path of the dynamic linker: NULL with a reason if there is none. */
static char *elf_read_linker(const struct elf *elf, char **ret_why)
{
    for (unsigned i = 0; i < elf->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];
        if (segment->p_type != PT_INTERP)
            continue;
        char path[PATH_MAX];
        if (segment->p_filesz == 0 || segment->p_filesz > sizeof path ||
            !read_at(elf->fd, segment->p_offset, path, segment->p_filesz) ||
            path[segment->p_filesz - 1] != '\0') {
            fail_short(ret_why);
            return NULL;
        }
        return g_strdup(path);
    }
    *ret_why = g_strdup("is linked statically");
    return NULL;
}

/* One field of a note, which is padded; false: the notes end within it. */
static bool skip(size_t *left, uint64_t size, uint64_t align)
{
    uint64_t padded = (size + align - 1) / align * align;
    if (size > *left)
        return false;
    *left -= (size_t)MIN(padded, *left);
    return true;
}

struct note {
    const char *name;
    uint32_t type;
    const uint8_t *text; /* borrowed from the notes */
    size_t size;
};

/* Finds the first note with this name and type. */
static bool notes_find(const uint8_t *notes, size_t size, uint64_t align,
                       struct note *wanted)
{
    const size_t name_size = strlen(wanted->name) + 1;
    for (size_t left = size; left >= sizeof(Elf64_Nhdr);) {
        Elf64_Nhdr note;
        memcpy(&note, notes + (size - left), sizeof note);
        left -= sizeof note;
        const uint8_t *name = notes + (size - left);
        bool is_it = note.n_type == wanted->type && note.n_namesz == name_size &&
                     left >= name_size && memcmp(name, wanted->name, name_size) == 0;
        if (!skip(&left, note.n_namesz, align))
            return is_it;
        wanted->text = notes + (size - left);
        wanted->size = MIN(note.n_descsz, left);
        if (is_it)
            return true;
        if (!skip(&left, note.n_descsz, align))
            return false;
    }
    return false;
}

/* Why the notes say that the program cannot run on the virtual clock; NULL: they do not.
 */
static char *read_reason(const uint8_t *notes, size_t size, uint64_t align)
{
    struct note go = { .name = "Go", .type = GO_BUILD_ID };
    if (notes_find(notes, size, align, &go))
        return g_strdup(
            "is a Go program, which makes its system calls without the C library");
    struct note own = { .name = CLOCK_NOTE_NAME, .type = CLOCK_NOTE_NEEDS_WALL_CLOCK };
    if (!notes_find(notes, size, align, &own))
        return NULL;
    g_autofree char *text =
        g_strndup((const char *)own.text, MIN(own.size, CLOCK_NOTE_MAX_BYTES));
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_strdelimit(valid, "\r\n\t\v\f\033", ' ');
    return *valid ? g_steal_pointer(&valid) : g_strdup("needs the wall clock");
}

/* False: the file is not whole. */
static bool elf_read_reason(const struct elf *elf, char **ret_reason)
{
    char *reason = NULL;
    for (unsigned i = 0; i < elf->header.e_phnum && !reason; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];
        if (segment->p_type != PT_NOTE)
            continue;
        if (segment->p_filesz > MAX_NOTES_BYTES)
            return false;
        g_autofree uint8_t *notes = g_malloc(segment->p_filesz + 1);
        if (!read_at(elf->fd, segment->p_offset, notes, segment->p_filesz))
            return false;
        reason = read_reason(notes, segment->p_filesz, segment->p_align == 8 ? 8 : 4);
    }
    *ret_reason = reason;
    return true;
}

/* ---- what this program is ---- */

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

static bool suits_this_program(const struct elf *elf, const char *linker, char **ret_why)
{
    struct elf own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !elf_read(fd, &own, ret_why)) {
        if (fd >= 0) {
            close(fd);
            g_free(*ret_why);
        }
        return fail(ret_why, g_strdup("cannot be compared with rtclab itself"));
    }
    g_autofree char *reason = NULL;
    g_autofree char *own_linker = elf_read_linker(&own, &reason);
    bool is_same_machine = own.header.e_machine == elf->header.e_machine;
    elf_clear(&own);
    close(fd);
    if (!is_same_machine)
        return fail(ret_why, g_strdup("is for another kind of processor"));
    if (!own_linker || !is_same_file(own_linker, linker))
        return fail(ret_why,
                    g_strdup_printf("is linked for another C library (%s)", linker));
    return true;
}

/* ---- secure execution ---- */

/* Whether executing the file changes who runs, as begin_new_exec() in Linux decides. */
static bool is_secure(int fd)
{
    struct stat info;
    struct statvfs system;
    if (fstat(fd, &info) != 0 || fstatvfs(fd, &system) != 0)
        return true;
    if (system.f_flag & ST_NOSUID)
        return false; /* neither bits nor capabilities count there */
    if (info.st_mode & S_ISUID && info.st_uid != geteuid())
        return true;
    /* Without the group's execute bit it once meant mandatory locking, and not this. */
    if (info.st_mode & S_ISGID && info.st_mode & S_IXGRP && info.st_gid != getegid())
        return true;
    /* Root's do not count: see capabilities(7), "Secure-execution mode". */
    return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static bool check_elf(int fd, char **ret_why)
{
    struct elf elf;
    char *reason = NULL;
    if (!elf_read(fd, &elf, ret_why))
        return false;
    g_autofree char *linker = elf_read_linker(&elf, ret_why);
    bool ok = linker && suits_this_program(&elf, linker, ret_why);
    if (ok && (!elf_is_whole(&elf) || !elf_read_reason(&elf, &reason)))
        ok = fail_short(ret_why);
    else if (ok && reason)
        ok = fail(ret_why, reason);
    else if (ok && is_secure(fd))
        ok = fail(ret_why, g_strdup("gains privileges (setuid, setgid or capabilities), "
                                    "so that nothing is preloaded"));
    elf_clear(&elf);
    return ok;
}

/* ---- scripts ---- */

static bool check_file(const char *path, unsigned depth, char **ret_why);

static bool check_interpreter(const char *path, unsigned depth, char **ret_why)
{
    g_autofree char *why = NULL;
    if (check_file(path, depth + 1, &why))
        return true;
    return fail(ret_why, g_strdup_printf("is a script, and %s %s", path, why));
}

static bool check_script(const struct script *script, unsigned depth, char **ret_why)
{
    if (!*script->interpreter)
        return fail(ret_why, g_strdup("is a script without an interpreter"));
    if (!check_interpreter(script->interpreter, depth, ret_why))
        return false;
    if (!script->uses_env)
        return true;
    if (!script->target)
        return fail(ret_why, g_strdup("is a script whose interpreter is not found"));
    return check_interpreter(script->target, depth, ret_why);
}

static bool check_open(int fd, unsigned depth, char **ret_why)
{
    char start[SCRIPT_START_BYTES + 1] = "";
    struct script script;
    ssize_t size = pread(fd, start, SCRIPT_START_BYTES, 0);
    if (size < 0)
        return fail(ret_why, g_strdup_printf("cannot be read: %s", g_strerror(errno)));
    if (size >= SELFMAG && memcmp(start, ELFMAG, SELFMAG) == 0)
        return check_elf(fd, ret_why);
    if (memchr(start, '\0', (size_t)size))
        return fail(ret_why, g_strdup("is no program that can be told"));
    if (!script_read(start, &script))
        return check_interpreter("/bin/sh", depth, ret_why); /* as execvp(3) does */
    bool ok = check_script(&script, depth, ret_why);
    script_clear(&script);
    return ok;
}

static bool check_file(const char *path, unsigned depth, char **ret_why)
{
    if (depth > MAX_INTERPRETERS)
        return fail(ret_why, g_strdup("is a script of too many scripts"));
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(ret_why, g_strdup_printf("cannot be read: %s", g_strerror(errno)));
    bool ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    ok = ok ? check_open(fd, depth, ret_why) : fail(ret_why, g_strdup("is no file"));
    close(fd);
    return ok;
}

bool preload_check(const char *path, char **ret_why)
{
    return check_file(path, 0, ret_why);
}
