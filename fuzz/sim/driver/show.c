/* SPDX-License-Identifier: 0BSD */
#include "driver/show.h"

#include "driver/symbols.h"
#include "machine/arena.h"
#include "machine/trace.h"

#include <string.h>

static const char *const operations[] = {"", "load", "store", "exchange", "add", "sub", "and", "or",
	"xor", "nand", "cas (weak)", "cas", "fence", "park", "wake", "start", "join", "alloc",
	"free", "clock", "raise", "clear", "poll", "lock", "unlock", "wait for", "signal", "yield",
	"sleep"};
static const char *const orders[] = {
	"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
static const char *const accesses[] = {"reads", "writes", "reads", "writes"};

/* The calls of an event, flattened: combining functions count as calls. */
#define FRAMES 16
static int frames_of(const struct event *event, const struct symbol *frames[FRAMES])
{
	int count = 0;

	for (int i = 0; i < EVENT_CALLS && event->calls[i] != 0; i++) {
		const struct symbol *symbols;
		int known = symbols_of(event->calls[i], &symbols);

		for (int k = 0; k < known && count < FRAMES; k++)
			frames[count++] = &symbols[k];
	}
	return count;
}

/* Whether the steps inside the library are left out.  Its files then have names of this kind. */
static bool without_library;
#define LIBRARY "/ump-server/"

void show_without_library(void)
{
	without_library = true;
}

static bool is_librarys(const struct symbol *symbol)
{
	/* The header's own functions are the library's, too. */
	return symbol->library || strncmp(symbol->file, LIBRARY, sizeof LIBRARY - 1) == 0 ||
	       strncmp(symbol->function, "ump_", 4) == 0;
}

/* Of system headers, such as the C++ library's; or unknown. */
static bool is_systems(const struct symbol *symbol)
{
	return strncmp(symbol->file, "/usr/", 5) == 0 || symbol->file[0] == '?';
}

/* The first frame outside the library and the system's headers; NULL: there is none. */
static const struct symbol *users(const struct symbol *const *frames, int count)
{
	for (int i = 0; i < count; i++) {
		if (!is_librarys(frames[i]) && !is_systems(frames[i]))
			return frames[i];
	}
	return NULL;
}

/* The function of the library that the program has called; NULL: the step is the program's own. */
static const struct symbol *called(const struct symbol *const *frames, int count)
{
	const struct symbol *found = NULL;

	for (int i = 0; without_library && i < count && is_librarys(frames[i]); i++)
		found = frames[i];
	return found;
}

/* The most informative frame: the program's, or else the first one outside sync/atomic*.h. */
static const struct symbol *telling(const struct symbol *const *frames, int count)
{
	if (without_library)
		return users(frames, count);
	for (int i = 0; i < count; i++) {
		if (strstr(frames[i]->file, "sync/atomic") == NULL)
			return frames[i];
	}
	return count > 0 ? frames[0] : NULL;
}

/* The name of the function in sync/atomic*.h: operation and kind of word. */
static const char *shim(const struct symbol *const *frames, int count)
{
	return count > 0 && !without_library && telling(frames, count) != frames[0]
		       ? frames[0]->function
		       : "";
}

/* Print a value: small numbers as they are, addresses by their containing memory. */
static void print_value(char *text, size_t size, uint64_t value)
{
	int owner = fiber_of_stack((uintptr_t)value);
	const char *name =
		without_library && value > 4096 && !arena_has((uintptr_t)value) && owner < 0
			? symbols_data((uintptr_t)value)
			: NULL;

	if (name != NULL)
		snprintf(text, size, "%s", name);
	else if (arena_has((uintptr_t)value))
		snprintf(text, size, "heap+%llu",
			(unsigned long long)arena_name((uintptr_t)value) - 1);
	else if (owner >= 0)
		snprintf(text, size, "stack%d+%llu", owner,
			(unsigned long long)(value - fiber_stack(owner)));
	else if (value == INT64_MAX)
		snprintf(text, size, "never");
	else if (value >> 32 != 0 && value >> 32 < 1000)
		/* Two halves, such as the counts of strong and weak references. */
		snprintf(text, size, "%llu:%llu", (unsigned long long)(value >> 32),
			(unsigned long long)(value & UINT32_MAX));
	else
		snprintf(text, size, "%lld",
			value >> 31 == 1 ? (long long)(int32_t)value : (long long)value);
}

static const char *order_name(int order)
{
	return order >= 0 && order < 6 ? orders[order] : "?";
}

/* Describe an event in words. */
static void describe(const struct event *event, char *text, size_t size)
{
	const struct step *step = &event->step;
	char where[32];
	char value[32];
	char expected[32];
	char result[32];

	print_value(where, sizeof where, step->address);
	print_value(value, sizeof value, step->value);
	print_value(expected, sizeof expected, step->expected);
	print_value(result, sizeof result, event->result);
	if (event->kind == EVENT_PLAIN)
		snprintf(text, size, "%s %d bytes at %s", accesses[event->access], step->size,
			where);
	else if (event->kind != EVENT_STEP)
		snprintf(text, size, "%s", event->text);
	else if (step->op == OP_LOAD)
		snprintf(text, size, "load %s = %s", where, result);
	else if (step->op == OP_STORE)
		snprintf(text, size, "store %s <- %s", where, value);
	else if (step->op == OP_CAS_STRONG || step->op == OP_CAS_WEAK)
		snprintf(text, size, "%s %s: %s -> %s %s %s", operations[step->op], where, expected,
			value, event->taken ? "done" : "failed, found", event->taken ? "" : result);
	else if (step->op == OP_PARK)
		snprintf(text, size, "park while %s = %s (%s), until %s", where, value,
			event->taken ? "it is" : "it is not", expected);
	else if (step->op == OP_WAKE)
		snprintf(text, size, "wake at %s: %s sleeper", where, event->taken ? "one" : "no");
	else if (step->op == OP_RAISE)
		snprintf(text, size, "raise %s: %s waiter", where, event->taken ? "one" : "no");
	else if (step->op == OP_POLL)
		snprintf(text, size, "wait for %s (%s), until %s", where,
			event->taken ? "raised" : "clear", expected);
	else if (step->op == OP_START)
		snprintf(text, size, "starts thread %s", where);
	else if (step->op == OP_YIELD || step->op == OP_SLEEP)
		snprintf(text, size, "%ss", operations[step->op]);
	else if (step->op == OP_SIGNAL)
		snprintf(text, size, "signal %s: %s waiter", where, event->taken ? "one" : "no");
	else if (step->op == OP_CLEAR || step->op == OP_LOCK || step->op == OP_UNLOCK ||
		 step->op == OP_WAIT)
		snprintf(text, size, "%s %s", operations[step->op], where);
	else if (step->op == OP_ALLOC)
		snprintf(text, size, "alloc %s bytes: %s", value, where);
	else if (step->op == OP_FREE)
		snprintf(text, size, "free %s", where);
	else if (step->op == OP_FENCE)
		snprintf(text, size, "fence");
	else
		snprintf(text, size, "%s %s, %s: was %s", operations[step->op], where, value,
			result);
}

static bool has_order(const struct event *event)
{
	return event->kind == EVENT_STEP && event->step.op <= OP_FENCE && event->step.op != OP_NONE;
}

/* Plain accesses are shown only at the memory of the failure. */
static bool is_shown(const struct event *event, uintptr_t failed)
{
	uintptr_t from = event->step.address & ~(uintptr_t)7;

	if (event->kind == EVENT_STEP && event->step.op == OP_NONE)
		return false;
	return event->kind != EVENT_PLAIN ||
	       (failed != 0 && from <= failed && failed < event->step.address + event->step.size);
}

static void resolve_all(const struct event *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < EVENT_CALLS && events[i].calls[k] != 0; k++)
			symbols_want(events[i].calls[k]);
	}
	symbols_resolve();
}

/* The address that the failure is about, and the size of the block that lay there: 0: none. */
static uintptr_t failed_block;

/* Find the block that the address of the failure lies in: the last one allocated there. */
static void find_block(const struct event *events, size_t count, uintptr_t failed)
{
	failed_block = 0;
	for (size_t i = 0; i < count && failed != 0; i++) {
		const struct step *step = &events[i].step;

		if (events[i].kind == EVENT_STEP && step->op == OP_ALLOC &&
			failed - step->address < step->value)
			failed_block = step->address;
	}
}

/* Whether the event frees the memory that the failure is about. */
static bool frees_failed(const struct event *event)
{
	return event->kind == EVENT_STEP && event->step.op == OP_FREE && failed_block != 0 &&
	       event->step.address == failed_block;
}

/* ---- Events without the library ------------------------------------------------------------- */

/* The call of the library that was shown last, for each thread. */
static struct {
	const char *function;
	const struct symbol *from;
	bool waits;
} last_call[SIM_THREADS];

static void forget_calls(void)
{
	memset(last_call, 0, sizeof last_call);
}

/* Whether to show an event, whose frames are given, where the library's own are left out: of the
 * events of one call only the first, and that it waits. */
static bool is_telling(const struct event *event, const struct symbol *const *frames, int depth)
{
	const struct symbol *function = called(frames, depth);
	const struct symbol *from = users(frames, depth);
	bool waits = event->step.op == OP_PARK && event->taken;
	int t = event->thread < 0 ? 0 : event->thread;

	if (!without_library || event->kind == EVENT_FAILURE || event->kind == EVENT_REMARK ||
		frees_failed(event))
		return true;
	if (event->kind == EVENT_NOTE || event->kind == EVENT_STUCK)
		return event->kind == EVENT_STUCK || strcmp(event->text, "wakes") != 0;
	if (function == NULL || event->kind == EVENT_PLAIN) {
		last_call[t].function = NULL;
		return event->kind == EVENT_PLAIN || from != NULL;
	}
	if (from == NULL || (last_call[t].function != NULL &&
				    strcmp(last_call[t].function, function->function) == 0 &&
				    last_call[t].from->line == from->line &&
				    strcmp(last_call[t].from->file, from->file) == 0 &&
				    (last_call[t].waits || !waits)))
		return false;
	last_call[t].function = function->function;
	last_call[t].from = from;
	last_call[t].waits = waits;
	return true;
}

/* Describe an event, as the program sees it. */
static void describe_for(const struct event *event, const struct symbol *const *frames, int depth,
	char *text, size_t size)
{
	const struct symbol *function = called(frames, depth);

	if (event->kind == EVENT_STUCK && function != NULL)
		snprintf(text, size, "waits in %s, and will not continue", function->function);
	else if (frees_failed(event) && (function != NULL || depth == 0))
		snprintf(text, size, "%s frees this memory",
			function != NULL && users(frames, depth) != NULL ? function->function
									 : "the library");
	else if (event->kind == EVENT_STEP && function != NULL)
		snprintf(text, size, "%s %s",
			event->step.op == OP_PARK && event->taken ? "waits in" : "calls",
			function->function);
	else
		describe(event, text, size);
}

/* The address that the failure is about; 0: none. */
static uintptr_t failed_address(const struct event *events, size_t count)
{
	return count > 0 && events[count - 1].kind == EVENT_FAILURE ? events[count - 1].step.address
								    : 0;
}

void show_text(FILE *to, const char *program)
{
	size_t count;
	const struct event *events = trace_events(&count);
	uintptr_t failed = failed_address(events, count);

	resolve_all(events, count);
	forget_calls();
	find_block(events, count, failed);
	fprintf(to, "program: %s\n", program);
	for (size_t i = 0; i < count; i++) {
		const struct event *event = &events[i];
		const struct symbol *frames[FRAMES];
		int depth = frames_of(event, frames);
		const struct symbol *at = telling(frames, depth);
		char text[EVENT_TEXT + 80];

		if (!is_shown(event, failed) || !is_telling(event, frames, depth))
			continue;
		describe_for(event, frames, depth, text, sizeof text);
		fprintf(to, "%4zu  %*s%s%d  %s", i + 1, 2 * (event->thread < 0 ? 0 : event->thread),
			"", event->kind == EVENT_FAILURE ? "!! thread " : "T", event->thread, text);
		if (has_order(event) && called(frames, depth) == NULL)
			fprintf(to, "  [%s]", order_name(event->step.order));
		if (has_order(event) && event->read_from != 0 && called(frames, depth) == NULL)
			fprintf(to, "  from %u", event->read_from);
		if (at != NULL && event->kind != EVENT_NOTE && event->kind != EVENT_REMARK)
			fprintf(to, "  %s:%d %s%s%s", at->file, at->line, at->function,
				*shim(frames, depth) != '\0' ? " " : "", shim(frames, depth));
		fprintf(to, "\n");
	}
	fprintf(to, "%s%s%s\n", sim_result.bug != NULL ? sim_result.bug : "no failure",
		sim_result.bug != NULL ? ": " : "", sim_result.text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void json_string(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else if (*text == '<')
			/* An end tag must not occur in a page. */
			fputs("\\u003c", to);
		else if ((unsigned char)*text < 0x20)
			fprintf(to, "\\u%04x", *text);
		else
			fputc(*text, to);
	}
	fputc('"', to);
}

static void json_frames(FILE *to, const struct event *event)
{
	const struct symbol *frames[FRAMES];
	int depth = frames_of(event, frames);
	const struct symbol *at = telling(frames, depth);
	char line[160] = "";

	fprintf(to, ",\"calls\":[");
	for (int i = 0; i < depth; i++) {
		char where[260];

		snprintf(where, sizeof where, "%s  %s:%d", frames[i]->function, frames[i]->file,
			frames[i]->line);
		fputs(i == 0 ? "" : ",", to);
		json_string(to, where);
	}
	fprintf(to, "]");
	if (at == NULL)
		return;
	symbols_line(at, line, sizeof line);
	fprintf(to, ",\"file\":");
	json_string(to, at->file);
	fprintf(to, ",\"by\":");
	json_string(to, shim(frames, depth));
	fprintf(to, ",\"line\":%d,\"source\":", at->line);
	json_string(to, line + strspn(line, " \t"));
}

static void json_event(FILE *to, const struct event *event, size_t number)
{
	static const char *const kinds[] = {"step", "plain", "note", "remark", "stuck", "failure"};
	const struct symbol *frames[FRAMES];
	int depth = frames_of(event, frames);
	char text[EVENT_TEXT + 80];

	describe_for(event, frames, depth, text, sizeof text);
	fprintf(to, "{\"n\":%zu,\"thread\":%d,\"kind\":\"%s\",\"text\":", number, event->thread,
		kinds[event->kind]);
	json_string(to, text);
	if (has_order(event) && called(frames, depth) == NULL) {
		fprintf(to, ",\"order\":\"%s\"", order_name(event->step.order));
		if (event->read_from != 0)
			fprintf(to, ",\"from\":%u", event->read_from);
	}
	json_frames(to, event);
	fprintf(to, "}");
}

void show_json(FILE *to, const char *program)
{
	size_t count;
	const struct event *events = trace_events(&count);
	uintptr_t failed = failed_address(events, count);
	bool first = true;

	resolve_all(events, count);
	forget_calls();
	find_block(events, count, failed);
	fprintf(to, "{\"program\":");
	json_string(to, program);
	fprintf(to, ",\"bug\":");
	json_string(to, sim_result.bug != NULL ? sim_result.bug : "");
	fprintf(to, ",\"text\":");
	json_string(to, sim_result.text);
	fprintf(to, ",\"threads\":%d,\"events\":[", machine.count);
	for (size_t i = 0; i < count; i++) {
		const struct symbol *frames[FRAMES];
		int depth = frames_of(&events[i], frames);

		if (!is_shown(&events[i], failed) || !is_telling(&events[i], frames, depth))
			continue;
		fputs(first ? "\n" : ",\n", to);
		json_event(to, &events[i], i + 1);
		first = false;
	}
	fprintf(to, "\n]}\n");
}
