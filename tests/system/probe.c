/* Tries one thing that a sandbox should refuse, and prints "allowed", "denied ERRNO" or "killed SIGNAL". Each deed happens in a
 * child, so that a filter that kills is seen as well. Exit status 0 whenever an answer was printed: the answer is the result. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define CAP_CHOWN 0

/* 0: allowed; otherwise the errno. */
static int of(long result) { return result == -1 ? errno : 0; }

static int map_executable(int protection, int flags, int fd)
{
    return mmap(NULL, PAGE, protection, flags, fd, 0) == MAP_FAILED ? errno : 0;
}

static int open_and_close(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    return fd == -1 ? errno : of(close(fd));
}

static int connect_to(int port)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd == -1 ? errno : of(connect(fd, (struct sockaddr *)&peer, sizeof peer));
}

/* A datagram: the filter's answer comes back at once, where a refused connection would be tried for minutes. */
static int send_to(int port)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return fd == -1 ? errno : of((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&peer, sizeof peer));
}

static int listen_forever(int port)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1 || bind(fd, (struct sockaddr *)&own, sizeof own) == -1 || listen(fd, 64) == -1)
    {
        return errno;
    }

    for (;;)
    {
        close(accept(fd, NULL, NULL));
    }
}

static int make_executable_later(void)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? errno : of(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
}

static int map_memory_file(void)
{
    int fd = memfd_create("probe", 0);
    return fd == -1 || ftruncate(fd, PAGE) == -1 ? errno : map_executable(PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
}

/* A file written by the process itself, then mapped executable: the way around a ban on writable and executable memory. */
static int map_own_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0700);
    return fd == -1 || ftruncate(fd, PAGE) == -1 ? errno : map_executable(PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
}

static int become_setuid(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    return fd == -1 ? errno : of(fchmod(fd, 04755));
}

static int give_to_self(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    return fd == -1 ? errno : of(fchown(fd, geteuid(), getegid()));
}

static int real_time(void)
{
    struct sched_param priority = { .sched_priority = 1 };
    return of(sched_setscheduler(0, SCHED_FIFO, &priority));
}

static int read_clock_state(void)
{
    struct timex state = { .modes = 0 };
    return of(adjtimex(&state));
}

static int foreign_call(void)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid of 32-bit x86 */
    return result < 0 ? (int)-result : 0;
#else
    return ENOTSUP;
#endif
}

/* Whether a dead process leaves its memory on the disk. The current folder must be writable. */
static int leave_core(void)
{
    struct rlimit most;
    getrlimit(RLIMIT_CORE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_CORE, &most);
    pid_t child = fork();
    if (child == 0)
    {
        abort();
    }

    int status = 0;
    waitpid(child, &status, 0);
    return WCOREDUMP(status) ? 0 : EPERM;
}

static int deed(const char *name, const char *argument)
{
    int number = atoi(argument);
    char *const arguments[] = { (char *)argument, "is-root", NULL };
#define IS(text) (strcmp(name, text) == 0)
    if (IS("wx-mapping")) return map_executable(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (IS("rw-to-rx")) return make_executable_later();
    if (IS("memory-file")) return map_memory_file();
    if (IS("own-file-executable")) return map_own_file(argument);
    if (IS("socket")) return of(socket(number, SOCK_DGRAM, 0));
    if (IS("connect")) return connect_to(number);
    if (IS("send")) return send_to(number);
    if (IS("listen")) return listen_forever(number);
    if (IS("create")) return open_and_close(argument, O_WRONLY | O_CREAT);
    if (IS("write")) return open_and_close(argument, O_WRONLY);
    if (IS("read")) return open_and_close(argument, O_RDONLY);
    if (IS("mkdir")) return of(mkdir(argument, 0700));
    if (IS("exec")) return of(execv(argument, arguments));
    if (IS("is-root")) return geteuid() == 0 ? 0 : EPERM;
    if (IS("personality")) return of(personality(ADDR_NO_RANDOMIZE));
    if (IS("setuid-bit")) return become_setuid(argument);
    if (IS("chown")) return give_to_self(argument);
    if (IS("user-namespace")) return of(unshare(CLONE_NEWUSER));
    if (IS("priority")) return of(setpriority(PRIO_PROCESS, 0, 5));
    if (IS("real-time")) return real_time();
    if (IS("keyctl")) return of(syscall(SYS_keyctl, 0L, -2L, 1L)); /* the id of the process's own keyring */
    if (IS("trace")) return of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    if (IS("io-uring")) { char zero[256] = { 0 }; return of(syscall(SYS_io_uring_setup, 1, zero)); }
    if (IS("foreign-call")) return foreign_call();
    if (IS("hostname")) return of(sethostname("probe", 5));
    if (IS("kernel-log")) return of(klogctl(10, NULL, 0)); /* only its size */
    if (IS("clock")) return read_clock_state();
    if (IS("shared-memory")) return of(shmget(number, PAGE, 0));
    if (IS("make-shared-memory")) return of(shmget(number, PAGE, IPC_CREAT | 0666));
    if (IS("capability")) return prctl(PR_CAPBSET_READ, CAP_CHOWN) == 1 ? 0 : EPERM;
    if (IS("core")) return leave_core();
    fprintf(stderr, "edged-probe: no deed '%s'\n", name);
    return EINVAL;
}

int main(int count, char **arguments)
{
    if (count < 2)
    {
        fprintf(stderr, "edged-probe DEED [ARGUMENT]\n");
        return 2;
    }

    pid_t child = fork();
    if (child == 0)
    {
        _exit(deed(arguments[1], count > 2 ? arguments[2] : ""));
    }

    int status = 0;
    if (child == -1 || waitpid(child, &status, 0) == -1)
    {
        perror("edged-probe");
        return 1;
    }

    if (WIFSIGNALED(status))
    {
        printf("killed SIG%s\n", sigabbrev_np(WTERMSIG(status)));
    }
    else if (WEXITSTATUS(status) == 0)
    {
        printf("allowed\n");
    }
    else
    {
        printf("denied %s\n", strerrorname_np(WEXITSTATUS(status)));
    }

    return 0;
}
