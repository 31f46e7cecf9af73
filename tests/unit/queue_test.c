/* SPDX-License-Identifier: 0BSD */
#include "core/queue.h"

#include "check.h"
#include "core/valid.h"

#define COUNT 5

static struct ump__node nodes[COUNT];

static void expect(struct ump__queue *queue, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		CHECK(ump__queue_is_valid(queue));
		CHECK(ump__queue_pop(queue) == &nodes[i]);
	}
	CHECK(ump__queue_is_valid(queue));
	CHECK(ump__queue_pop(queue) == NULL);
	CHECK(ump__queue_is_empty(queue));
	CHECK(queue->tail == NULL);
}

static void empty(void)
{
	struct ump__queue queue;

	ump__queue_init(&queue);
	expect(&queue, 0, 0);
}

static void in_order(void)
{
	struct ump__queue queue;

	ump__queue_init(&queue);
	for (size_t i = 0; i < COUNT; i++) {
		ump__queue_push(&queue, &nodes[i]);
		CHECK(ump__queue_is_valid(&queue));
		CHECK(!ump__queue_is_empty(&queue));
	}
	expect(&queue, 0, COUNT);
}

static void interleaved(void)
{
	struct ump__queue queue;

	ump__queue_init(&queue);
	ump__queue_push(&queue, &nodes[0]);
	CHECK(ump__queue_pop(&queue) == &nodes[0]);
	ump__queue_push(&queue, &nodes[1]);
	ump__queue_push(&queue, &nodes[2]);
	CHECK(ump__queue_pop(&queue) == &nodes[1]);
	ump__queue_push(&queue, &nodes[3]);
	expect(&queue, 2, 4);
}

static void fill(struct ump__queue *queue, size_t from, size_t to)
{
	ump__queue_init(queue);
	for (size_t i = from; i < to; i++)
		ump__queue_push(queue, &nodes[i]);
}

static void append(void)
{
	for (size_t split = 0; split <= COUNT; split++) {
		struct ump__queue first;
		struct ump__queue second;

		fill(&first, 0, split);
		fill(&second, split, COUNT);
		ump__queue_append(&first, &second);
		expect(&second, 0, 0);
		expect(&first, 0, COUNT);
	}
}

static void from_stack(void)
{
	for (size_t depth = 0; depth <= COUNT; depth++) {
		struct ump__queue queue;
		struct ump__node *top = NULL;

		for (size_t i = 0; i < depth; i++) {
			nodes[i].next = top;
			top = &nodes[i];
		}
		ump__queue_from_stack(&queue, top);
		expect(&queue, 0, depth);
	}
}

/* The contracts are also checked at run time; these calls must be refused. */
static void invalid(void)
{
	struct ump__queue queue;

	fill(&queue, 0, COUNT);
	queue.tail = &nodes[COUNT - 2];
	CHECK(!ump__queue_is_valid(&queue));
	queue.tail = NULL;
	CHECK(!ump__queue_is_valid(&queue));
	queue.head = NULL;
	CHECK(ump__queue_is_valid(&queue));
	queue.tail = &nodes[0];
	CHECK(!ump__queue_is_valid(&queue));
}

/* The walk is bounded: a cycle must be detected, not followed forever. */
static void cycle(void)
{
	struct ump__queue queue;

	fill(&queue, 0, COUNT);
	nodes[COUNT - 1].next = &nodes[0];
	CHECK(!ump__queue_is_valid(&queue));
	nodes[COUNT - 1].next = NULL;
	CHECK(ump__queue_is_valid(&queue));
}

static const struct check_test tests[] = {
	{"[fifo] an empty queue gives nothing", empty},
	{"[fifo] nodes come out in the order in which they went in", in_order},
	{"[fifo] pushing and popping alternately keeps the order", interleaved},
	{"[fifo] an appended queue follows, and is empty itself", append},
	{"[fifo] a queue whose ends do not match is detected", invalid},
	{"[fifo] a queue with a cycle is detected", cycle},
	{"[fifo] a stack becomes a queue in order of arrival", from_stack},
};

CHECK_MAIN(tests)
