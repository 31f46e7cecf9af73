/* SPDX-License-Identifier: 0BSD */
/*
 * The process as the simulated world: `main` is run again and again, each time with the static and
 * thread-local variables of the program as they were when it first began.
 */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "driver/symbols.h"
#include "machine/arena.h"
#include "machine/statics.h"
#include "machine/trace.h"
#include "model/race.h"
#include "platform/devices.h"
#include "search/search.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/* The program's own. */
int __real_main(int argc, char **argv, char **environment);
int __wrap_main(int argc, char **argv, char **environment);

pthread_t world_identities[SIM_THREADS];

static struct {
	int argc;
	char **argv;
	char **environment;
} program;

static FILE *output;
/* `main` has returned, or exit was called. */
static bool ended;

/* ---- The C library beneath ----------------------------------------------------------------- */

uintptr_t user_real(const char *name)
{
	/* By the address of the literal, which is the same each time at one place. */
	static struct {
		const char *name;
		uintptr_t function;
	} known[256];
	size_t i = mix(29, (uintptr_t)name) % 256;

	if (known[i].name != name) {
		known[i].name = name;
		known[i].function = (uintptr_t)dlsym(RTLD_NEXT, name);
	}
	return known[i].function;
}

FILE *world_output(void)
{
	return output != NULL ? output : stdout;
}

#ifdef __x86_64__
/* The program may change the registers that functions must preserve (README.md, States): save
 * them. */
__asm__(".text\n"
	".globl world_call\n"
	".type world_call, @function\n"
	"world_call:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	sub $8, %rsp\n"
	"	.cfi_offset %rbx, -24\n"
	"	.cfi_offset %r12, -32\n"
	"	.cfi_offset %r13, -40\n"
	"	.cfi_offset %r14, -48\n"
	"	.cfi_offset %r15, -56\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	call *%rax\n"
	"	mov -8(%rbp), %rbx\n"
	"	mov -16(%rbp), %r12\n"
	"	mov -24(%rbp), %r13\n"
	"	mov -32(%rbp), %r14\n"
	"	mov -40(%rbp), %r15\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size world_call, . - world_call\n");
#else
void *world_call(void *(*run)(void *), void *arg)
{
	return run(arg);
}
#endif

/* ---- What the simulator cannot do ---------------------------------------------------------- */

void world_refuse(const char *what, uintptr_t pc)
{
	const struct symbol *symbols = NULL;
	const struct thread *me = simulated() ? self() : NULL;
	int found;

	machine.current = -1;
	symbols_want(pc);
	symbols_resolve();
	found = symbols_of(pc, &symbols);
	fprintf(world_output(), "ump-sim: %s cannot be simulated", what);
	if (found > 0)
		fprintf(world_output(), ": called by %s, %s:%d", symbols[0].function,
			symbols[0].file, symbols[0].line);
	fprintf(world_output(), "\n");
	fflush(world_output());
	(void)me;
	_exit(2);
}

void world_stop(const char *why)
{
	fprintf(world_output(), "ump-sim: %s\n", why);
	fflush(world_output());
	_exit(2);
}

/* ---- Static and thread-local variables ------------------------------------------------------ */

/* The simulator's own data, which the linker puts into sections of these names (CMakeLists.txt),
 * and that of fuzzing engines. */
#define SECTION(name)                                                                              \
	extern char __start_##name[] __attribute__((weak));                                        \
	extern char __stop_##name[] __attribute__((weak))
SECTION(ump_sim_data);
SECTION(ump_sim_bss);
SECTION(__libfuzzer_extra_counters);
SECTION(__sancov_cntrs);
SECTION(__sancov_guards);

struct span {
	uintptr_t from;
	uintptr_t to;
};

static struct span tls_of_main;
/* A fuzzing engine has hundreds of variables. */
#define SPANS 1024
static struct span writable[SPANS];
static int writable_count;

/* Remove `[from, to)` from the spans. */
static void exclude(uintptr_t from, uintptr_t to)
{
	int count = writable_count;

	for (int i = 0; i < count && from < to; i++) {
		struct span *span = &writable[i];

		if (to <= span->from || from >= span->to)
			continue;
		if (from > span->from && to < span->to && writable_count < SPANS) {
			writable[writable_count++] = (struct span){to, span->to};
			span->to = from;
		} else if (from > span->from) {
			span->to = from;
		} else {
			span->from = to < span->to ? to : span->to;
		}
	}
}

/* Find the writable memory of the program itself, which is listed first. */
static int visit_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0 && writable_count < 4)
			writable[writable_count++] = (struct span){from, from + part->p_memsz};
		if (part->p_type == PT_TLS)
			tls_of_main = (struct span){(uintptr_t)info->dlpi_tls_data,
				(uintptr_t)info->dlpi_tls_data + part->p_memsz};
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_GNU_RELRO)
			exclude(from, from + part->p_memsz);
	}
	return 1;
}

static int visit_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(uintptr_t *)arg = (uintptr_t)info->dlpi_tls_data;
	return 1;
}

#define EXCLUDE(name) exclude((uintptr_t)__start_##name, (uintptr_t)__stop_##name)
/* Larger programs get the slower table. */
#define MOST_STATICS ((uintptr_t)1 << 22)

static bool keep_statics(void)
{
	uintptr_t from = UINTPTR_MAX;
	uintptr_t to = 0;

	EXCLUDE(ump_sim_data);
	EXCLUDE(ump_sim_bss);
	EXCLUDE(__libfuzzer_extra_counters);
	EXCLUDE(__sancov_cntrs);
	EXCLUDE(__sancov_guards);
	engine_variables(exclude);
	for (int i = 0; i < writable_count; i++) {
		const struct span *span = &writable[i];

		if (span->from == span->to)
			continue;
		if (!statics_range((void *)span->from, span->to - span->from, true))
			return false;
		from = span->from < from ? span->from : from;
		to = span->to > to ? span->to : to;
	}
	return to - from > MOST_STATICS || race_statics(from, to - from);
}

/* Whether ThreadSanitizer's own runtime is there: the program was linked with -fsanitize=thread. */
static int visit_runtime(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	return strstr(info->dlpi_name, "/libtsan.so") != NULL;
}

/* ---- Threads of the C library, whose identities and thread-local variables are lent --------- */

/* The state of C++'s exceptions, in a thread-local variable of its library. */
struct exceptions {
	void *caught;
	unsigned uncaught;
};
struct exceptions *__cxa_get_globals(void) __attribute__((weak));

static struct exceptions *exceptions[SIM_THREADS];
static uintptr_t tls[SIM_THREADS];
static sem_t lent;

static void lend(int number)
{
	fiber_thread_pointers[number] = fiber_thread_pointer();
	world_identities[number] = pthread_self();
	dl_iterate_phdr(visit_tls, &tls[number]);
	if (__cxa_get_globals != NULL)
		exceptions[number] = __cxa_get_globals();
}

/* A thread that never runs again. */
static void *lender(void *number)
{
	lend((int)(intptr_t)number);
	REAL(sem_post, (&lent));
	for (;;)
		pause();
	return NULL;
}

static bool borrow_threads(void)
{
	sigset_t all;
	sigset_t before;
	pthread_t thread;

	dl_iterate_phdr(visit_program, NULL);
	sigfillset(&all);
	REAL(sem_init, (&lent, 0, 0));
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (intptr_t i = 1; i < SIM_THREADS; i++) {
		if (REAL(pthread_create, (&thread, NULL, lender, (void *)i)) != 0)
			return false;
		REAL(sem_wait, (&lent));
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	lend(0);
	fiber_thread_pointers[SIM_THREADS] = fiber_thread_pointers[0];
	for (int i = 0; i < SIM_THREADS && tls_of_main.to > tls_of_main.from; i++) {
		if (!statics_range((void *)tls[i], tls_of_main.to - tls_of_main.from, true))
			return false;
	}
	return true;
}

/* ---- The end of the process ----------------------------------------------------------------- */

#define EXITS 128
static struct {
	void (*run)(void *);
	void *arg;
} exits[EXITS];
static int exit_count;
/* Those that were registered before `main`. */
static int exits_kept;
static bool prepared;

int __cxa_atexit(void (*run)(void *), void *arg, void *library);
extern void *__dso_handle;

int __cxa_atexit(void (*run)(void *), void *arg, void *library)
{
	if (!simulated() && (prepared || library != &__dso_handle))
		return REAL(__cxa_atexit, (run, arg, library));
	if (exit_count == EXITS) {
		if (simulated())
			machine_limit("functions for the end of the process");
		return -1;
	}
	exits[exit_count].run = run;
	exits[exit_count++].arg = arg;
	return 0;
}

void exits_begin(void)
{
	exit_count = exits_kept;
}

static void *run_exit(void *number)
{
	int i = (int)(intptr_t)number;

	exits[i].run(exits[i].arg);
	return NULL;
}

void exits_run(void)
{
	while (exit_count > 0)
		world_call(run_exit, (void *)(intptr_t)--exit_count);
}

void world_exit(int status)
{
	threads_exit();
	exits_run();
	if (status != 0)
		sim_fail("exit status", "the program ends with %d", status);
	ended = true;
	machine_leave();
}

void __wrap_exit(int status);
void __wrap__exit(int status);

void __wrap_exit(int status)
{
	if (!simulated())
		exit(status);
	self()->live_from = FRAME;
	self()->at = (struct step){.op = OP_NONE, .pc = CALLER};
	world_exit(status);
}

void __wrap__exit(int status)
{
	if (!simulated())
		_exit(status);
	if (status != 0)
		sim_fail("exit status", "the program ends with %d", status);
	ended = true;
	machine_leave();
}

/* Also called by C++'s library, where an exception is not caught. */
void abort(void)
{
	if (!simulated()) {
		REAL(abort, ());
		_exit(127);
	}
	self()->at = (struct step){.op = OP_NONE, .pc = CALLER};
	sim_fail("abort", "thread %d calls abort", machine.current);
}

/* ---- Signals: crashes, and loops that have no steps ----------------------------------------- */

#define WATCH_SECONDS 5

static void crashed(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (!simulated()) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	sim_fail("crash", "thread %d gets signal %d (%s) at %p", machine.current, number,
		strsignal(number), info->si_addr);
}

static void watch(int number)
{
	static uint32_t generation;
	static long steps;
	static long accesses;

	(void)number;
	if (simulated() && machine.generation == generation && sim_result.steps == steps &&
		machine.accesses == accesses)
		sim_fail("no end", "thread %d has run for %d s without a step", machine.current,
			WATCH_SECONDS);
	generation = machine.generation;
	steps = sim_result.steps;
	accesses = machine.accesses;
}

void world_catch_signals(void)
{
	static char stack[65536];
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	struct itimerval every = {{WATCH_SECONDS, 0}, {WATCH_SECONDS, 0}};

	sigaltstack(&other, NULL);
	action.sa_sigaction = crashed;
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		sigaction(crashes[i], &action, NULL);
	action.sa_flags = SA_ONSTACK | SA_NODEFER;
	action.sa_handler = watch;
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
}

/* ---- Executions ----------------------------------------------------------------------------- */

static void begin(void)
{
	ended = false;
	objects_begin();
	threads_begin();
	exits_begin();
	random_begin();
	for (int i = 0; i < SIM_THREADS; i++) {
		if (exceptions[i] != NULL)
			*exceptions[i] = (struct exceptions){NULL, 0};
	}
}

static uint64_t hash(uint64_t hash)
{
	return threads_hash(objects_hash(random_hash(mix(hash, (uint64_t)exit_count))));
}

/* At the end of an execution without a failure. */
static void end(void)
{
	static struct arena_root roots[SPANS];
	int count = statics_ranges(roots, SPANS);
	uintptr_t address;
	uintptr_t pc;
	size_t size;
	int thread = threads_leak();

	if (thread >= 0) {
		sim_blame("thread leak", "thread %d was neither joined nor detached", thread);
		return;
	}
	for (int t = 0; t < machine.count; t++) {
		/* It ends with the process, and its memory with it. */
		if (machine.threads[t].status != DONE && t > 0)
			return;
	}
	if (notifier_leak() >= 0) {
		sim_blame("file descriptor leak", "file descriptor %d was not closed",
			notifier_leak());
		return;
	}
	if (!arena_lost(roots, count, &size, &thread, &address, &pc))
		return;
	machine.current = thread;
	trace_access_kept(address, size, PLAIN_READ, pc);
	sim_blame("leak", "a block of %zu bytes that thread %d allocated is left", size, thread);
	machine.current = -1;
}

static void *run_main(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)__real_main(program.argc, program.argv, program.environment);
}

static void root(void *unused)
{
	world_exit((int)(intptr_t)world_call(run_main, unused));
}

void world_execute(void)
{
	sim_execute(root, NULL);
}

bool world_prepare(int argc, char **argv, char **environment)
{
	static const struct sim_extension extension = {begin, hash, end};

	program.argc = argc;
	program.argv = argv;
	program.environment = environment;
	exits_kept = exit_count;
	prepared = true;
	if (!fiber_has_thread_pointers())
		return false;
	memory_ready();
	arena_keep();
	/* Threads first: the C library notes in a static variable that there are some. */
	if (!borrow_threads() || !keep_statics())
		return false;
	world_catch_signals();
	sim_extend(&extension);
	return true;
}

/* ---- The beginning of the process ----------------------------------------------------------- */

/* The program's output is no part of an execution; what the C++ library writes goes nowhere. */
static void silence(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	output = fdopen(dup(STDOUT_FILENO), "w");
	if (output != NULL)
		setvbuf(output, NULL, _IOLBF, 0);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
}

int __wrap_main(int argc, char **argv, char **environment)
{
	static const char flag[] = "--ump-sim=";
	const char *options = getenv("UMP_SIM");
	int status;

	if (argc > 1 && strncmp(argv[1], flag, sizeof flag - 1) == 0) {
		options = argv[1] + sizeof flag - 1;
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	if (dl_iterate_phdr(visit_runtime, NULL) != 0) {
		fprintf(stderr, "ump-sim: compile with -fsanitize=thread, but link without it\n");
		return 2;
	}
	if (!world_prepare(argc, argv, environment)) {
		fprintf(stderr, "ump-sim: the simulator needs x86-64 with FSGSBASE, or arm64\n");
		return 2;
	}
	silence();
	status = drive_user(options != NULL ? options : "", argc, argv);
	fflush(world_output());
	/* Not the program's own functions for the end, which belong to the executions. */
	_exit(status);
}
