/* SPDX-License-Identifier: 0BSD */
/*
 * The sequential cores against naive models: arrays for queues, two numbers for counts, a state for
 * each word, and tables where there are only a few cases.  The models depend on the headers of
 * src/core, not on the function bodies.
 */
#include "core/adaptive_spin.h"
#include "core/call.h"
#include "core/counts.h"
#include "core/delayed.h"
#include "core/disposition.h"
#include "core/inbox.h"
#include "core/permit.h"
#include "core/queue.h"
#include "core/stop.h"
#include "core/timer.h"
#include "core/walk.h"

#include "engine/input.h"
#include "wait/heap.h"

/* Where the contracts have callable predicates, they check each step as well. */
#if defined(__has_include)
#if __has_include("core/valid.h")
#include "core/valid.h"
#endif
#endif
#ifdef UMP_CORE_VALID_H
#define EXPECT_VALID(what, thing) EXPECT("[" #what "]", ump__##what##_is_valid(thing))
#define EXPECT_WRONG(what, thing) EXPECT("[" #what "]", !ump__##what##_is_valid(thing))
#else
#define EXPECT_VALID(what, thing) ((void)(thing))
#define EXPECT_WRONG(what, thing) ((void)(thing))
#endif

#define NODES  48
#define QUEUES 2

/* A naive queue: its node numbers, oldest first. */
struct list {
	unsigned length;
	unsigned items[NODES];
};

struct world {
	struct input input;
	struct ump__node nodes[NODES];
	/* Invariant: a node is in at most one place. */
	bool used[NODES];
	struct ump__queue queues[QUEUES];
	struct list lists[QUEUES];
	/* The inbox word, and the inbox's nodes in order of arrival. */
	uintptr_t inbox;
	struct list arrived;
	bool parked;
	bool closed;
	/* The counts word, and the counts as two numbers. */
	uint64_t counts;
	uint64_t strong;
	uint64_t weak;
	/* The call word, and its state: answered, asleep, gone. */
	uintptr_t call;
	bool done;
	bool asleep;
	bool gone;
	/* Capacity: its two words; free permits out of `capacity`; whether waiters queue; permits
	 * known free; and the maximum depth so far. */
	uint64_t taken;
	uint64_t limit;
	uint32_t capacity;
	uint32_t permits;
	bool has_queue;
	uint64_t known;
	uint32_t reach;
};

static unsigned node_number(const struct world *world, const struct ump__node *node)
{
	return (unsigned)(node - world->nodes);
}

/* Return a node that is in no place, or NULL. */
static struct ump__node *free_node(struct world *world)
{
	unsigned at = input_below(&world->input, NODES);

	for (unsigned i = 0; i < NODES; i++, at = (at + 1) % NODES) {
		if (!world->used[at]) {
			world->used[at] = true;
			/* A stale link must not matter. */
			world->nodes[at].next = &world->nodes[(at + 7) % NODES];
			return &world->nodes[at];
		}
	}
	return NULL;
}

/* ---- Queues -------------------------------------------------------------------------------- */

static void check_chain(
	const struct world *world, const struct ump__node *node, const struct list *list)
{
	for (unsigned i = 0; i < list->length; i++, node = node->next) {
		EXPECT("[queue]", node != NULL);
		EXPECT("[queue]", node_number(world, node) == list->items[i]);
	}
	EXPECT("[queue]", node == NULL);
}

static void check_queue(const struct world *world, unsigned which)
{
	const struct ump__queue *queue = &world->queues[which];
	const struct list *list = &world->lists[which];

	EXPECT("[queue]", ump__queue_is_empty(queue) == (list->length == 0));
	check_chain(world, queue->head, list);
	if (list->length == 0)
		EXPECT("[queue]", queue->tail == NULL);
	else
		EXPECT("[queue]", queue->tail == &world->nodes[list->items[list->length - 1]]);
	EXPECT_VALID(queue, queue);
}

static void queue_push(struct world *world, unsigned which)
{
	struct list *list = &world->lists[which];
	struct ump__node *node = free_node(world);

	if (node == NULL)
		return;
	ump__queue_push(&world->queues[which], node);
	list->items[list->length++] = node_number(world, node);
}

static void list_remove_first(struct list *list)
{
	list->length--;
	memmove(list->items, list->items + 1, list->length * sizeof list->items[0]);
}

static void queue_pop(struct world *world, unsigned which)
{
	struct list *list = &world->lists[which];
	struct ump__node *node = ump__queue_pop(&world->queues[which]);

	EXPECT("[queue]", (node == NULL) == (list->length == 0));
	if (node == NULL)
		return;
	EXPECT("[fifo]", node_number(world, node) == list->items[0]);
	world->used[list->items[0]] = false;
	list_remove_first(list);
}

static void queue_append(struct world *world, unsigned which)
{
	struct list *to = &world->lists[which];
	struct list *from = &world->lists[1 - which];

	ump__queue_append(&world->queues[which], &world->queues[1 - which]);
	memcpy(to->items + to->length, from->items, from->length * sizeof from->items[0]);
	to->length += from->length;
	from->length = 0;
}

static void queue_clear(struct world *world, unsigned which)
{
	struct list *list = &world->lists[which];

	while (list->length > 0)
		world->used[list->items[--list->length]] = false;
	ump__queue_init(&world->queues[which]);
}

/* Reverse a chain twice: it must come out reversed, then as before. */
static void chain_reverse(struct world *world)
{
	struct list there = {0};
	struct list back = {0};
	struct ump__node *chain = NULL;
	unsigned wanted = input_below(&world->input, 8);

	while (there.length < wanted) {
		struct ump__node *node = free_node(world);

		if (node == NULL)
			break;
		node->next = chain;
		chain = node;
		there.items[there.length++] = node_number(world, node);
	}
	for (unsigned i = there.length; i > 0; i--)
		back.items[back.length++] = there.items[i - 1];
	chain = ump__chain_reverse(chain);
	check_chain(world, chain, &there);
	check_chain(world, ump__chain_reverse(chain), &back);
	for (unsigned i = 0; i < there.length; i++)
		world->used[there.items[i]] = false;
}

/* ---- The inbox ----------------------------------------------------------------------------- */

static void check_inbox(const struct world *world)
{
	bool full = world->arrived.length > 0;

	EXPECT_VALID(inbox, world->inbox);
	EXPECT("[inbox]", ump__inbox_is_node(world->inbox) == full);
	if (full)
		EXPECT("[inbox]",
			world->inbox ==
				(uintptr_t)&world
					->nodes[world->arrived.items[world->arrived.length - 1]]);
	else if (world->closed)
		EXPECT("[inbox]", world->inbox == UMP__INBOX_CLOSED);
	else
		EXPECT("[inbox]",
			world->inbox == (world->parked ? UMP__INBOX_PARKED : UMP__INBOX_EMPTY));
}

static void inbox_push(struct world *world)
{
	struct ump__node *node = free_node(world);
	struct ump__inbox_push push;

	if (node == NULL)
		return;
	push = ump__inbox_push_step(world->inbox, (uintptr_t)node);
	EXPECT("[gone]", push.accepted == !world->closed);
	EXPECT("[quiet]", push.wake == world->parked);
	if (!push.accepted) {
		EXPECT("[inbox]", push.next == world->inbox);
		world->used[node_number(world, node)] = false;
		return;
	}
	node->next = (struct ump__node *)push.link;
	world->inbox = push.next;
	world->parked = false;
	world->arrived.items[world->arrived.length++] = node_number(world, node);
}

/* Move the nodes that a step takes to queue `which`, in order of arrival. */
static void inbox_unload(struct world *world, unsigned which, uintptr_t chain)
{
	queue_clear(world, which);
	ump__queue_from_stack(&world->queues[which], (struct ump__node *)chain);
	world->lists[which] = world->arrived;
	world->arrived.length = 0;
}

static void inbox_take(struct world *world, unsigned which)
{
	struct ump__inbox_step step = ump__inbox_take_step(world->inbox);

	EXPECT("[inbox]", step.taken == (world->arrived.length > 0));
	if (!step.taken) {
		EXPECT("[inbox]", step.next == world->inbox && step.chain == 0);
		return;
	}
	world->inbox = step.next;
	inbox_unload(world, which, step.chain);
}

static void inbox_close(struct world *world, unsigned which)
{
	struct ump__inbox_step step = ump__inbox_close_step(world->inbox);

	EXPECT("[inbox]", step.taken);
	world->inbox = step.next;
	world->parked = false;
	world->closed = true;
	inbox_unload(world, which, step.chain);
}

static void inbox_sleep(struct world *world, bool park)
{
	bool empty = !world->closed && world->arrived.length == 0;
	bool may = empty && world->parked != park;
	struct ump__inbox_step step =
		park ? ump__inbox_park_step(world->inbox) : ump__inbox_unpark_step(world->inbox);

	EXPECT("[quiet]", step.taken == may);
	EXPECT("[inbox]", step.chain == 0);
	EXPECT("[inbox]", step.taken || step.next == world->inbox);
	world->inbox = step.next;
	if (may)
		world->parked = park;
}

static void inbox_open(struct world *world)
{
	while (world->arrived.length > 0)
		world->used[world->arrived.items[--world->arrived.length]] = false;
	world->inbox = UMP__INBOX_EMPTY;
	world->parked = false;
	world->closed = false;
}

/* ---- Counts -------------------------------------------------------------------------------- */

static void counts_set(struct world *world)
{
	static const uint32_t notable[] = {0, 1, 2, 3, UMP__COUNTS_MAX - 1, UMP__COUNTS_MAX};
	uint8_t choice = input_byte(&world->input);

	if (choice < 36) {
		world->strong = notable[choice / 6];
		world->weak = notable[choice % 6];
		world->counts = world->strong * UMP__COUNTS_STRONG + world->weak;
	} else if (choice == 36) {
		world->counts = UMP__COUNTS_FIRST;
		world->strong = 1;
		world->weak = 2;
	} else {
		world->counts = input_word(&world->input);
		world->strong = world->counts >> 32;
		world->weak = world->counts & UMP__COUNTS_MAX;
	}
	/* All strong references together own a weak one. */
	if (world->strong > 0 && world->weak == 0) {
		world->weak = 1;
		world->counts++;
	}
}

/* Take a step: it must succeed exactly if `may`, and then report `edge`. */
static void counts_take(
	struct world *world, struct ump__counts_step step, bool may, enum ump__edge edge)
{
	EXPECT("[counts]", step.taken == may);
	EXPECT("[counts]", step.edge == (may ? edge : UMP__EDGE_NONE));
	EXPECT("[counts]", may || step.next == world->counts);
	world->counts = step.next;
}

static void counts_step(struct world *world)
{
	uint64_t *of[] = {&world->strong, &world->weak};
	uint8_t choice = input_byte(&world->input);
	bool is_weak = (choice & 1) != 0;
	uint64_t *count = of[is_weak];

	if ((choice & 2) != 0) {
		/* A count of zero must not rise again; the maximum is 2^32 - 1. */
		bool may = *count > 0 && *count < UMP__COUNTS_MAX;

		counts_take(world,
			is_weak ? ump__counts_add_weak(world->counts)
				: ump__counts_add_strong(world->counts),
			may, UMP__EDGE_NONE);
		*count += may;
	} else {
		/* The weak reference owned by the strong ones stays while there are any. */
		bool shared = is_weak && world->strong > 0 && world->weak == 1;
		bool may = *count > 0 && !shared;
		enum ump__edge last = is_weak ? UMP__EDGE_LAST : UMP__EDGE_LAST_STRONG;

		counts_take(world,
			is_weak ? ump__counts_drop_weak(world->counts)
				: ump__counts_drop_strong(world->counts),
			may, *count == 1 ? last : UMP__EDGE_NONE);
		*count -= may;
	}
	EXPECT_VALID(counts, world->counts);
	EXPECT("[weak]", ump__counts_strong(world->counts) == world->strong);
	EXPECT("[weak]", ump__counts_weak(world->counts) == world->weak);
}

/* ---- The call ------------------------------------------------------------------------------ */

static uintptr_t call_word(const struct world *world)
{
	if (world->done)
		return UMP__CALL_DONE;
	if (world->gone)
		return UMP__CALL_ABANDONED;
	return world->asleep ? UMP__CALL_WAITING : UMP__CALL_PENDING;
}

static void call_take(
	struct world *world, struct ump__call_step step, bool may, bool wake, bool owns)
{
	EXPECT("[call]", step.taken == may);
	EXPECT("[quiet]", step.wake == wake);
	EXPECT("[clean]", step.owns == owns);
	EXPECT("[call]", may || step.next == world->call);
	world->call = step.next;
}

static void call_step(struct world *world)
{
	bool open = !world->done;
	bool here = open && !world->gone;

	switch (input_below(&world->input, 5)) {
	case 0:
		call_take(world, ump__call_finish_step(world->call), open, open && world->asleep,
			open && world->gone);
		world->done = true;
		world->asleep = false;
		break;
	case 1:
		call_take(world, ump__call_sleep_step(world->call), here && !world->asleep, false,
			false);
		world->asleep = here;
		break;
	case 2:
		call_take(world, ump__call_unpark_step(world->call), here && world->asleep, false,
			false);
		world->asleep = false;
		break;
	case 3:
		call_take(world, ump__call_abandon_step(world->call), here, false, world->done);
		if (here)
			world->gone = true;
		world->asleep = false;
		break;
	default:
		world->done = world->asleep = world->gone = false;
		world->call = UMP__CALL_PENDING;
	}
	EXPECT_VALID(call, world->call);
	EXPECT("[call]", world->call == call_word(world));
}

/* ---- Adaptive spinning --------------------------------------------------------------------- */

/* Each wait that spins takes a byte: its lowest bit says whether the spin succeeds.  After the end
 * of the input, all spins fail. */
static void adaptive_spinning(struct input input)
{
	const uint32_t period = UMP__ADAPTIVE_SPIN_RESTS + 1;
	uint32_t failed = 0, spun = 0, asleep = 0;

	for (uint32_t i = 0; i < 4 * period; i++) {
		bool lasts = ump__adaptive_spin_lasts(failed);
		bool succeeds = lasts && (input_byte(&input) & 1) != 0;

		asleep = lasts ? 0 : asleep + 1;
		spun += lasts;
		EXPECT("[spin]", asleep <= UMP__ADAPTIVE_SPIN_RESTS);
		failed = ump__adaptive_spin_next(failed, succeeds);
		EXPECT("[spin]", !succeeds || (failed == 0 && ump__adaptive_spin_lasts(failed)));
	}
	EXPECT("[spin]", spun >= UMP__ADAPTIVE_SPIN_TRIES + 3);
}

static void poll_counts(void)
{
	uint32_t before = UMP__POLLS_MOST;

	/* The longer a poll takes, the fewer fit into the time. */
	for (int64_t ns = 1; ns < INT64_MAX / 3; ns *= 3) {
		uint32_t now = ump__polls_in_10us(ns);

		EXPECT("[spin]", UMP__POLLS_LEAST <= now && now <= before);
		EXPECT("[spin]", ump__polls_in(10000, now) == now);
		before = now;
	}
	EXPECT("[spin]", ump__polls_in_10us(0) == UMP__POLLS_USUAL);
}

/* ---- Timers -------------------------------------------------------------------------------- */

/* The planned times of a periodic timer, counted one by one. */
static void planned_times(struct input input)
{
	int64_t due = input_byte(&input);
	int64_t period = 1 + input_byte(&input);
	int64_t now = due + input_byte(&input);
	struct ump__timer_step step = ump__timer_next_step(due, period, now);
	int64_t next = due;
	uint64_t count = 0;

	for (; next <= now; next += period)
		count++;
	EXPECT("[timer]", step.due == next && step.count == count);
	/* The next planned time cannot be represented. */
	step = ump__timer_next_step(due + 1, INT64_MAX, now + 1);
	EXPECT("[timer]", step.due == UMP__TIMER_NEVER && step.count == 1);
}

/* ---- The heap of times --------------------------------------------------------------------- */

#define SLOTS_FEW  3
#define SLOTS_MANY 8

/* The heap against an array of the keys in use. */
struct times {
	struct ump__heap heap;
	struct ump__heap_entry few[SLOTS_FEW], many[SLOTS_MANY];
	uint32_t few_places[SLOTS_FEW], many_places[SLOTS_MANY];
	bool used[SLOTS_MANY];
	int64_t keys[SLOTS_MANY];
};

static void check_times(const struct times *times)
{
	uint32_t count = 0;
	int64_t least = INT64_MAX;

	EXPECT("[heap]", ump__heap_is_valid(&times->heap));
	for (uint32_t i = 0; i < SLOTS_MANY; i++) {
		EXPECT("[heap]", ump__heap_has(&times->heap, i) == times->used[i]);
		if (!times->used[i])
			continue;
		count++;
		least = times->keys[i] < least ? times->keys[i] : least;
		EXPECT("[heap]", ump__heap_key(&times->heap, i) == times->keys[i]);
	}
	EXPECT("[heap]", times->heap.count == count);
	if (count != 0)
		EXPECT("[heap]", times->keys[ump__heap_first(&times->heap)] == least);
}

static void change_times(struct times *times, uint8_t choice, int64_t key)
{
	uint32_t slot = choice / 4 % SLOTS_MANY;

	if (choice % 4 < 2 && times->heap.count < times->heap.room) {
		slot = ump__heap_push(&times->heap, key);
		EXPECT("[heap]", slot < times->heap.room && !times->used[slot]);
		times->used[slot] = true;
		times->keys[slot] = key;
	} else if (times->used[slot] && choice % 4 == 2) {
		ump__heap_change(&times->heap, slot, key);
		times->keys[slot] = key;
	} else if (times->used[slot]) {
		ump__heap_remove(&times->heap, slot);
		times->used[slot] = false;
	} else if (times->heap.room == SLOTS_FEW) {
		ump__heap_grow(&times->heap, times->many, times->many_places, SLOTS_MANY);
	}
}

/* A heap that was changed from outside is not valid. */
static void wrong_times(struct times *times)
{
	EXPECT("[heap]", ump__heap_is_valid(&times->heap));
	if (times->heap.count > 1) {
		times->heap.entries[1].key = times->heap.entries[0].key - 1;
		EXPECT("[heap]", !ump__heap_is_valid(&times->heap));
	}
	times->heap.places[0]++;
	EXPECT("[heap]", !ump__heap_is_valid(&times->heap));
	times->heap.places[0] = times->heap.room;
	EXPECT("[heap]", !ump__heap_is_valid(&times->heap));
	times->heap.entries[0].slot = times->heap.room;
	EXPECT("[heap]", !ump__heap_is_valid(&times->heap));
}

static void keeping_times(struct input input)
{
	struct times times = {.used = {false}};

	ump__heap_init(&times.heap);
	check_times(&times);
	ump__heap_grow(&times.heap, times.few, times.few_places, SLOTS_FEW);
	for (unsigned steps = 0; steps < 64 && !input_is_over(&input); steps++) {
		uint8_t choice = input_byte(&input);

		change_times(&times, choice, input_byte(&input) % 16);
		check_times(&times);
	}
	wrong_times(&times);
}

/* ---- Stops --------------------------------------------------------------------------------- */

/* All attention words that a stop may meet. */
static void stopping(void)
{
	static const uint32_t bits[] = {UMP__ATTENTION_CLAIMED, UMP__ATTENTION_STOP,
		UMP__ATTENTION_ENDED, UMP__ATTENTION_TIMED};

	for (unsigned choice = 0; choice < 16; choice++) {
		bool claimed = (choice & 1) != 0, stopped = (choice & 2) != 0;
		bool ended = (choice & 4) != 0;
		uint32_t word = 0;

		for (unsigned i = 0; i < 4; i++)
			word |= (choice >> i & 1) != 0 ? bits[i] : 0;
		EXPECT("[stop]", ump__stop_is_claimed(word) == (!claimed && !ended));
		EXPECT("[stop]", ump__stop_is_accepted(word) == !ended);
		EXPECT("[stop]", ump__stop_is_set(word) == stopped);
		EXPECT("[stop]", ump__stop_is_over(word) == ended);
	}
}

/* ---- Delayed posts ------------------------------------------------------------------------- */

/* The state of a delayed post, as bools. */
struct delayed {
	bool linked, queued, paused, running, cancelled, over;
};

static uintptr_t delayed_word(struct delayed state)
{
	return (state.linked ? UMP__DELAYED_LINKED : 0) | (state.queued ? UMP__DELAYED_QUEUED : 0) |
	       (state.paused ? UMP__DELAYED_PAUSED : 0) |
	       (state.running ? UMP__DELAYED_RUNNING : 0) |
	       (state.cancelled ? UMP__DELAYED_CANCELLED : 0) |
	       (state.over ? UMP__DELAYED_OVER : 0);
}

static void delayed_is(struct ump__delayed_step step, struct delayed wanted, bool taken, bool link)
{
	EXPECT("[timer]", step.next == delayed_word(wanted));
	EXPECT("[timer]", step.taken == taken && step.link == link);
}

/* A controller's step, after which the dispatcher must look at the post. */
static void delayed_is_news(struct ump__delayed_step step, struct delayed wanted)
{
	bool link = !wanted.linked && !wanted.running;

	wanted.linked = wanted.linked || link;
	delayed_is(step, wanted, true, link);
}

static void delayed_controllers(struct delayed state, uintptr_t word)
{
	struct delayed changed = state;

	if (state.cancelled || state.over) {
		delayed_is(ump__delayed_cancel_step(word), state, false, false);
		delayed_is(ump__delayed_pause_step(word), state, false, false);
		delayed_is(ump__delayed_renew_step(word, true), state, false, false);
		delayed_is(ump__delayed_renew_step(word, false), state, false, false);
		return;
	}
	delayed_is_news(ump__delayed_renew_step(word, false), state);
	changed.cancelled = true;
	delayed_is_news(ump__delayed_cancel_step(word), changed);
	changed = state;
	changed.paused = true;
	delayed_is(ump__delayed_pause_step(word), changed, true, false);
	changed.paused = false;
	delayed_is_news(ump__delayed_renew_step(word, true), changed);
}

static void delayed_dispatcher(struct delayed state, uintptr_t word)
{
	bool settled = state.cancelled || state.over;
	struct delayed changed = state;

	EXPECT("[timer]", ump__delayed_is_settled(word) == settled);
	changed.running = state.running || (!settled && !state.paused);
	delayed_is(ump__delayed_begin_step(word), changed, !settled && !state.paused, false);
	changed.running = false;
	delayed_is(ump__delayed_finish_step(word, true), changed, !settled, false);
	changed.over = true;
	delayed_is(ump__delayed_finish_step(word, false), changed, false, false);
}

/* All states of a delayed post. */
static void delaying(void)
{
	for (unsigned choice = 0; choice < 64; choice++) {
		struct delayed state = {(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0,
			(choice & 8) != 0, (choice & 16) != 0, (choice & 32) != 0};

		delayed_controllers(state, delayed_word(state));
		delayed_dispatcher(state, delayed_word(state));
	}
	EXPECT("[timer]", ump__delayed_plan(3, 4) == 7);
	EXPECT("[timer]", ump__delayed_plan(INT64_MAX - 1, 1) == INT64_MAX);
	EXPECT("[timer]", ump__delayed_plan(INT64_MAX, 1) == UMP__TIMER_NEVER);
}

/* ---- Walks along the wait-for graph -------------------------------------------------------- */

#define VERTICES 6

/* An edge of a vertex: its target, its mark, and the time when it was added. */
struct edge {
	unsigned to;
	uint64_t mark;
	uint64_t born;
};

/* A graph that changes during the walk; vertex 0 is the walker. */
struct graph {
	struct input input;
	struct edge edges[VERTICES];
	uint64_t now;
};

/* Sometimes replace an edge by another one. */
static void graph_change(struct graph *graph)
{
	unsigned choice = input_byte(&graph->input);

	if ((choice & 1) == 0)
		return;
	graph->edges[1 + (choice >> 1) % (VERTICES - 1)] =
		(struct edge){(choice >> 4) % VERTICES, 0, ++graph->now};
}

/* Walk one round; return whether it came back to the walker.  `newest` gets the time when its
 * newest edge was added. */
static bool walk_round(
	struct graph *graph, struct ump__walk *walk, const struct edge **last, uint64_t *newest)
{
	unsigned at = graph->edges[0].to;
	unsigned visits[VERTICES] = {0};

	*newest = 0;
	for (unsigned steps = 0;; steps++) {
		struct edge *edge = &graph->edges[at];

		graph_change(graph);
		if (walk->marks && edge->mark == 0)
			edge->mark = ++graph->now;
		*newest = edge->born > *newest ? edge->born : *newest;
		*last = edge;
		if (edge->to == 0)
			return true;
		/* Every vertex has an edge, so a walk must not give up before it visits a vertex
		 * twice. */
		visits[edge->to]++;
		if (!ump__walk_edge(walk, edge->mark, edge->to)) {
			EXPECT("[walk]", visits[edge->to] > 1);
			return false;
		}
		EXPECT("[walk]", steps < 8 * VERTICES || !input_is_over(&graph->input));
		at = edge->to;
	}
}

/* A wait cycle must be reported only if all its edges existed when the last round began, and must
 * be reported in the end if there is one. */
static void walking(struct input input)
{
	struct graph graph = {.input = input};
	const struct edge *last = NULL;
	struct ump__walk walk;
	uint64_t newest = 0;
	unsigned calm = 0;

	for (unsigned i = 0; i < VERTICES; i++)
		graph.edges[i] = (struct edge){input_byte(&graph.input) % VERTICES, 0, ++graph.now};
	if (graph.edges[0].to == 0)
		graph.edges[0].to = 1;
	ump__walk_begin(&walk);
	for (;;) {
		bool quiet = input_is_over(&graph.input);

		if (!walk_round(&graph, &walk, &last, &newest))
			return;
		if (ump__walk_back(&walk, last->mark, ++graph.now))
			break;
		calm += quiet;
		EXPECT("[walk]", calm < 3);
	}
	EXPECT("[walk]", walk.marks && newest <= walk.moment);
}

/* ---- The disposition ----------------------------------------------------------------------- */

/* The loop after `outcome`, with `asks` requests of its own in flight. */
static void drained_step(enum ump__outcome outcome, bool drained, uint32_t asks)
{
	enum ump__outcome after = ump__outcome_drained(outcome, drained, asks);

	if (outcome == UMP__OUTCOME_VALUE)
		EXPECT("[ask]", after == outcome);
	else if (asks != 0)
		EXPECT("[ask]", after == UMP__OUTCOME_CONTINUE);
	else
		EXPECT("[ask]", after == (drained ? UMP__OUTCOME_NONE : outcome));
}

static void disposition_step(struct world *world)
{
	uint8_t choice = input_byte(&world->input);
	enum ump__kind kind =
		(choice & 0x10) != 0 ? UMP__KIND_ANSWER : (enum ump__kind)(choice % 3);
	bool abandoned = (choice & 0x20) != 0;
	bool over = (choice & 0x40) != 0;
	bool broke = (choice & 0x80) != 0;
	enum ump__disposition disposition = ump__disposition_of(kind, abandoned, over);
	enum ump__outcome outcome = ump__outcome_after(kind, broke);
	enum ump__outcome before = ump__outcome_before(kind, over);

	drained_step(outcome, over, choice % 4);
	EXPECT("[stop]", before == (over                           ? UMP__OUTCOME_STOP
					   : kind == UMP__KIND_EOS ? UMP__OUTCOME_NONE
								   : UMP__OUTCOME_CONTINUE));
	if (kind == UMP__KIND_EOS) {
		EXPECT("[drain]", disposition == UMP__DISPOSITION_NOTHING);
		EXPECT("[drain]", outcome == UMP__OUTCOME_NONE);
		return;
	}
	if (kind == UMP__KIND_REQUEST && abandoned)
		EXPECT("[origin]", disposition == UMP__DISPOSITION_SKIP);
	else
		EXPECT("[break]", disposition == (!over ? UMP__DISPOSITION_HANDLE
							 : kind == UMP__KIND_ANSWER
								 ? UMP__DISPOSITION_RELEASE
								 : UMP__DISPOSITION_LEFTOVER));
	EXPECT("[break]", outcome == (broke ? UMP__OUTCOME_VALUE : UMP__OUTCOME_CONTINUE));
}

/* ---- Capacity ------------------------------------------------------------------------------ */

static void permits_set(struct world *world)
{
	static const uint32_t notable[] = {1, 2, 3, UMP__PERMIT_MOST - 1, UMP__PERMIT_MOST};
	uint8_t choice = input_byte(&world->input);
	uint64_t count = 0;

	if (choice < 5)
		world->capacity = notable[choice];
	else
		world->capacity = 1 + (uint32_t)input_word(&world->input) % UMP__PERMIT_MOST;
	world->permits = world->capacity;
	/* Sometimes start full: filling a large inbox would take long. */
	if ((choice & 128) != 0)
		world->permits = choice & 1;
	/* And with the counters close to wrapping around. */
	if ((choice & 64) != 0)
		count = UMP__PERMIT_MODULUS - 1 - (choice & 3);
	world->reach = world->capacity - world->permits;
	if ((choice & 32) != 0)
		world->reach = world->capacity;
	world->has_queue = false;
	world->known = 0;
	world->taken = count * UMP__PERMIT_TAKEN;
	world->limit = (count + world->permits) % UMP__PERMIT_MODULUS;
}

/* Take a step from `word`: it must succeed exactly if `may`. */
static uint64_t permits_take(struct ump__permit_word_step step, uint64_t word, bool may)
{
	EXPECT("[permit]", step.taken == may);
	EXPECT("[permit]", may || step.next == word);
	return step.next;
}

static void permits_enter(struct world *world)
{
	uint32_t depth = world->capacity - world->permits;
	uint64_t before = world->taken;

	world->taken = permits_take(ump__permit_word_take_step(before), before, world->known > 0);
	if (world->known > 0) {
		world->known--;
	} else {
		world->taken = permits_take(ump__permit_word_look_step(before, world->limit,
						    world->capacity, world->reach),
			before, world->permits > 0);
		if (world->permits == 0)
			return;
		/* Known permits must not let the depth exceed its maximum so far. */
		world->known = world->reach > depth ? world->reach - depth - 1 : 0;
		if (world->known >= UMP__PERMIT_TAKEN)
			world->known = UMP__PERMIT_TAKEN - 1;
		if (world->reach <= depth)
			world->reach = depth + 1;
	}
	world->permits--;
	EXPECT("[bound]", world->capacity - world->permits <= world->reach);
}

static void permits_step(struct world *world)
{
	bool none = world->permits == 0;

	switch (input_below(&world->input, 5)) {
	case 0:
		permits_enter(world);
		break;
	case 1:
		/* Only permits that were taken may be given back. */
		if (world->permits == world->capacity)
			break;
		world->limit = permits_take(
			ump__permit_word_give_step(world->limit), world->limit, !world->has_queue);
		world->permits += !world->has_queue;
		break;
	case 2:
		world->limit = permits_take(ump__permit_word_begin_step(world->taken, world->limit),
			world->limit, !world->has_queue && none);
		world->has_queue = world->has_queue || none;
		break;
	case 3:
		world->limit = permits_take(
			ump__permit_word_end_step(world->limit), world->limit, world->has_queue);
		world->has_queue = false;
		break;
	default:
		permits_set(world);
	}
	EXPECT("[bound]", ump__permit_word_is_valid(world->limit));
	EXPECT("[bound]", ump__permit_word_has_queue(world->limit) == world->has_queue);
	EXPECT("[bound]", ump__permit_word_left(world->taken, world->limit) == world->permits);
	EXPECT("[bound]", ump__permit_word_depth(world->taken, world->limit, world->capacity) ==
				  world->capacity - world->permits);
	/* A limit that belongs to a larger inbox gives a depth of 0. */
	if (world->permits > 0)
		EXPECT("[bound]", ump__permit_word_depth(
					  world->taken, world->limit, world->permits - 1) == 0);
	EXPECT("[bound]", !ump__permit_word_is_valid(2 * UMP__PERMIT_MODULUS));
}

/* The predicates must also reject invalid values. */
static void wrong(void)
{
	struct ump__node node = {NULL};
	struct ump__queue queue = {&node, NULL};

	EXPECT_WRONG(queue, &queue);
	queue.head = NULL;
	queue.tail = &node;
	EXPECT_WRONG(queue, &queue);
	EXPECT_WRONG(inbox, UMP__INBOX_ALIGN - 1);
	EXPECT_WRONG(inbox, (uintptr_t)&node + 1);
	EXPECT_WRONG(counts, UMP__COUNTS_STRONG);
	EXPECT_WRONG(call, UMP__CALL_DONE + 1);
}

/* Nor may they loop forever on a circular list.  Checked once: it takes as long as a thousand
 * inputs. */
static void circular_list(void)
{
	static bool checked;
	struct ump__node node = {&node};
	struct ump__queue queue = {&node, &node};

	if (!checked)
		EXPECT_WRONG(queue, &queue);
	checked = true;
}

static void step(struct world *world)
{
	uint8_t choice = input_byte(&world->input);
	unsigned which = choice >= 128;

	switch (choice % 16) {
	case 0:
	case 1:
		queue_push(world, which);
		break;
	case 2:
		queue_pop(world, which);
		break;
	case 3:
		queue_append(world, which);
		break;
	case 4:
		chain_reverse(world);
		break;
	case 5:
	case 6:
		inbox_push(world);
		break;
	case 7:
		inbox_take(world, which);
		break;
	case 8:
		inbox_sleep(world, which != 0);
		break;
	case 9:
		inbox_close(world, which);
		break;
	case 10:
		inbox_open(world);
		break;
	case 11:
		counts_set(world);
		break;
	case 12:
		counts_step(world);
		break;
	case 13:
		call_step(world);
		break;
	case 14:
		disposition_step(world);
		break;
	default:
		if (which != 0) {
			permits_step(world);
			break;
		}
		queue_clear(world, which);
		wrong();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;

	circular_list();
	memset(&world, 0, sizeof world);
	world.input = (struct input){data, size};
	world.counts = UMP__COUNTS_FIRST;
	world.strong = 1;
	world.weak = 2;
	adaptive_spinning(world.input);
	poll_counts();
	planned_times(world.input);
	stopping();
	delaying();
	keeping_times(world.input);
	walking(world.input);
	world.limit = world.capacity = world.permits = 2;
	for (unsigned i = 0; i < QUEUES; i++)
		ump__queue_init(&world.queues[i]);
	while (!input_is_over(&world.input)) {
		step(&world);
		for (unsigned i = 0; i < QUEUES; i++)
			check_queue(&world, i);
		check_inbox(&world);
	}
	return 0;
}
