/* SPDX-License-Identifier: 0BSD */
/*
 * What has no meaning in the simulated world, since its result does not depend on the choices: a
 * program that calls one of these ends with one line.  The linker's --wrap directs the program's
 * own calls here.
 */
#include "user/real.h"
#include "user/user.h"

#include "machine/machine.h"

/* Outside executions a fuzzing engine in the same program may call them.  All arguments are
 * integers and pointers, and the caller takes of the result what it needs. */
#define REFUSE(name)                                                                               \
	long __real_##name(long a, long b, long c, long d, long e, long f);                        \
	long __wrap_##name(long a, long b, long c, long d, long e, long f);                        \
	long __wrap_##name(long a, long b, long c, long d, long e, long f)                         \
	{                                                                                          \
		if (!simulated())                                                                  \
			return __real_##name(a, b, c, d, e, f);                                    \
		world_refuse(#name, CALLER);                                                       \
	}

/* Files. */
REFUSE(open)
REFUSE(open64)
REFUSE(openat)
REFUSE(creat)
REFUSE(fopen)
REFUSE(fopen64)
REFUSE(fdopen)
REFUSE(freopen)
REFUSE(tmpfile)
REFUSE(opendir)
REFUSE(read)
REFUSE(pread)
REFUSE(readv)
REFUSE(pwrite)
REFUSE(writev)
REFUSE(getchar)
REFUSE(fgets)
REFUSE(scanf)
REFUSE(fread)
REFUSE(mmap)
REFUSE(unlink)
REFUSE(rename)
/* Sockets, pipes and other descriptors. */
REFUSE(socket)
REFUSE(socketpair)
REFUSE(bind)
REFUSE(listen)
REFUSE(accept)
REFUSE(accept4)
REFUSE(connect)
REFUSE(send)
REFUSE(sendto)
REFUSE(sendmsg)
REFUSE(recv)
REFUSE(recvfrom)
REFUSE(recvmsg)
REFUSE(getaddrinfo)
REFUSE(pipe)
REFUSE(pipe2)
REFUSE(eventfd)
REFUSE(timerfd_create)
REFUSE(signalfd)
REFUSE(epoll_create)
REFUSE(epoll_create1)
REFUSE(epoll_wait)
REFUSE(select)
REFUSE(pselect)
/* Processes. */
REFUSE(fork)
REFUSE(vfork)
REFUSE(posix_spawn)
REFUSE(execve)
REFUSE(execv)
REFUSE(execvp)
REFUSE(system)
REFUSE(popen)
REFUSE(waitpid)
/* Signals and timers. */
REFUSE(signal)
REFUSE(sigaction)
REFUSE(sigwait)
REFUSE(sigsuspend)
REFUSE(kill)
REFUSE(raise)
REFUSE(pthread_kill)
REFUSE(pthread_cancel)
REFUSE(alarm)
REFUSE(setitimer)
REFUSE(timer_create)
REFUSE(pause)
/* Semaphores and memory that other processes share. */
REFUSE(sem_open)
REFUSE(shm_open)
REFUSE(shmget)
/* C11's names for threads, and what std::atomic waits with. */
REFUSE(thrd_create)
REFUSE(thrd_sleep)
REFUSE(mtx_init)
REFUSE(mtx_lock)
REFUSE(cnd_init)
REFUSE(call_once)
REFUSE(tss_create)
REFUSE(syscall)
/* Jumps between contexts. */
REFUSE(swapcontext)
REFUSE(makecontext)
