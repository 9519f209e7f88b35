/* Stands between a process and its files (LD_PRELOAD): writes down what is done to them and in which order, says
 * "synced" without syncing, and ends the process before the deed that it was told to die at.
 *
 * ANSER_DISK_ROOT     only files below this folder are looked at (an absolute path)
 * ANSER_DISK_LOG      where deeds are written down; without it they are only counted
 * ANSER_DISK_KILL_AT  SIGKILL to itself instead of doing the n-th deed
 *
 * Nothing is synced because nobody looks at the disk: what a power cut would have left is built from the log
 * (image.rs). A kill leaves everything that was written, synced or not, as the system does with a real one.
 *
 * The log is a row of deeds: kind (1 byte), lengths of path, second path and data (4 bytes each), offset (8 bytes),
 * then path, second path and data. Numbers are in the machine's own order: who reads runs on the same machine. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { CREATE = 1, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, MAKE_FOLDER };

#define FILES_MAX 4096
#define REAL(name) real_##name = dlsym(RTLD_NEXT, #name)

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_mkdir)(const char *, mode_t);

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char *paths[FILES_MAX]; /* of open files below the root, by descriptor */
static char *root;
static int log_file = -1;
static long deeds, kill_at;

__attribute__((constructor)) static void begin(void) {
    REAL(open); REAL(openat); REAL(close); REAL(write); REAL(pwrite); REAL(fsync); REAL(fdatasync);
    REAL(ftruncate); REAL(unlink); REAL(rename); REAL(mkdir);
    char *folder = getenv("ANSER_DISK_ROOT"), *log = getenv("ANSER_DISK_LOG"), *at = getenv("ANSER_DISK_KILL_AT");
    if (!folder) return;
    root = strdup(folder);
    if (log) log_file = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (at) kill_at = atol(at);
}

/* The path from the root on; NULL if it is not one of ours. The index that SQLite shares in memory is none: it is
 * made anew from the log at every start. */
static const char *ours(const char *path) {
    if (!root || !path) return NULL;
    size_t length = strlen(root), all = strlen(path);
    if (strncmp(path, root, length) || (path[length] && path[length] != '/')) return NULL;
    if (all >= 4 && !strcmp(path + all - 4, "-shm")) return NULL;
    return path[length] ? path + length + 1 : "";
}

static const char *path_of(int file) {
    return file >= 0 && file < FILES_MAX ? paths[file] : NULL;
}

/* Called with the turn taken, before the deed is done. */
static void deed(enum kind kind, const char *path, const char *second, uint64_t offset, const void *data, size_t size) {
    if (++deeds == kill_at) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (log_file < 0) return;
    uint32_t lengths[3] = {strlen(path), second ? strlen(second) : 0, size};
    size_t head = 1 + sizeof lengths + sizeof offset, total = head + lengths[0] + lengths[1] + size;
    char *record = malloc(total), *at = record + head;
    if (!record) abort();
    record[0] = kind;
    memcpy(record + 1, lengths, sizeof lengths);
    memcpy(record + 1 + sizeof lengths, &offset, sizeof offset);
    memcpy(at, path, lengths[0]);
    if (second) memcpy(at + lengths[0], second, lengths[1]);
    if (size) memcpy(at + lengths[0] + lengths[1], data, size);
    /* A log with a hole would prove anything. */
    if (real_write(log_file, record, total) != (ssize_t)total) abort();
    free(record);
}

static int opened(const char *path, int file) {
    const char *name = ours(path);
    if (name && file >= 0 && file < FILES_MAX) {
        free(paths[file]);
        paths[file] = strdup(name);
    }
    return file;
}

/* What opening does to the disk is told before it is done, as all deeds are. */
static void opening(const char *path, int flags) {
    const char *name = ours(path);
    struct stat found;
    if (!name) return;
    if (stat(path, &found)) {
        if (flags & O_CREAT) deed(CREATE, name, NULL, 0, NULL, 0);
    } else if ((flags & O_TRUNC) && found.st_size > 0) {
        deed(TRUNCATE, name, NULL, 0, NULL, 0);
    }
}

static int do_open(const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&turn);
    opening(path, flags);
    int file = opened(path, real_open(path, flags, mode));
    pthread_mutex_unlock(&turn);
    return file;
}

#define MODE_OF(flags, mode)                                                                                          \
    mode_t mode = 0;                                                                                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                            \
        va_list rest;                                                                                                 \
        va_start(rest, flags);                                                                                        \
        mode = va_arg(rest, mode_t);                                                                                  \
        va_end(rest);                                                                                                 \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return do_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return do_open(path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return path[0] == '/' ? do_open(path, flags, mode) : real_openat(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    return path[0] == '/' ? do_open(path, flags, mode) : real_openat(folder, path, flags | O_LARGEFILE, mode);
}

int close(int file) {
    pthread_mutex_lock(&turn);
    if (path_of(file)) {
        free(paths[file]);
        paths[file] = NULL;
    }
    int result = real_close(file);
    pthread_mutex_unlock(&turn);
    return result;
}

ssize_t write(int file, const void *data, size_t size) {
    if (!path_of(file)) return real_write(file, data, size);
    pthread_mutex_lock(&turn);
    struct stat found;
    int appends = fcntl(file, F_GETFL) & O_APPEND;
    off_t offset = appends && !fstat(file, &found) ? found.st_size : lseek(file, 0, SEEK_CUR);
    deed(WRITE, path_of(file), NULL, offset, data, size);
    ssize_t result = real_write(file, data, size);
    pthread_mutex_unlock(&turn);
    return result;
}

static ssize_t do_pwrite(int file, const void *data, size_t size, off_t offset) {
    if (!path_of(file)) return real_pwrite(file, data, size, offset);
    pthread_mutex_lock(&turn);
    deed(WRITE, path_of(file), NULL, offset, data, size);
    ssize_t result = real_pwrite(file, data, size, offset);
    pthread_mutex_unlock(&turn);
    return result;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    return do_pwrite(file, data, size, offset);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset) {
    return do_pwrite(file, data, size, offset);
}

static int do_sync(int file, int (*real)(int)) {
    if (!path_of(file)) return real(file);
    pthread_mutex_lock(&turn);
    deed(SYNC, path_of(file), NULL, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return 0;
}

int fsync(int file) {
    return do_sync(file, real_fsync);
}

int fdatasync(int file) {
    return do_sync(file, real_fdatasync);
}

static int do_truncate(int file, off_t size) {
    if (!path_of(file)) return real_ftruncate(file, size);
    pthread_mutex_lock(&turn);
    deed(TRUNCATE, path_of(file), NULL, size, NULL, 0);
    int result = real_ftruncate(file, size);
    pthread_mutex_unlock(&turn);
    return result;
}

int ftruncate(int file, off_t size) {
    return do_truncate(file, size);
}

int ftruncate64(int file, off64_t size) {
    return do_truncate(file, size);
}

int unlink(const char *path) {
    pthread_mutex_lock(&turn);
    const char *name = ours(path);
    if (name && !access(path, F_OK)) deed(UNLINK, name, NULL, 0, NULL, 0);
    int result = real_unlink(path);
    pthread_mutex_unlock(&turn);
    return result;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&turn);
    if (ours(from) && ours(to)) deed(RENAME, ours(from), ours(to), 0, NULL, 0);
    int result = real_rename(from, to);
    pthread_mutex_unlock(&turn);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&turn);
    const char *name = ours(path);
    if (name && access(path, F_OK)) deed(MAKE_FOLDER, name, NULL, 0, NULL, 0);
    int result = real_mkdir(path, mode);
    pthread_mutex_unlock(&turn);
    return result;
}
