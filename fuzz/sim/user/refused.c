/* SPDX-License-Identifier: 0BSD */
/*
 * What has no meaning in the simulated world, since its result does not depend on the choices: a
 * program that calls one of these ends with one line.  The linker's --wrap directs the program's
 * own calls here.
 */
#include "user/real.h"
#include "user/user.h"

#define REFUSE(name)                                                                               \
	long __wrap_##name(void);                                                                  \
	long __wrap_##name(void)                                                                   \
	{                                                                                          \
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
/* Jumps between contexts. */
REFUSE(swapcontext)
REFUSE(makecontext)
