/* SPDX-License-Identifier: 0BSD */
#include "user/objects.h"

#include "machine/choice.h"
#include "machine/trace.h"
#include "model/views.h"

/* Open addressing; an entry of another generation is free. */
#define OBJECTS 256
static struct object objects[OBJECTS];
static int used;

void objects_begin(void)
{
	used = 0;
}

struct object *object_at(uintptr_t address)
{
	size_t i = mix(19, address) % OBJECTS;
	struct object *object;

	for (;; i = (i + 1) % OBJECTS) {
		object = &objects[i];
		if (object->generation != machine.generation)
			break;
		if (object->address == address)
			return object;
	}
	if (++used > OBJECTS / 2)
		machine_limit("mutexes, conditions and the like");
	memset(object, 0, sizeof *object);
	object->generation = machine.generation;
	object->address = address;
	object->owner = NO_OWNER;
	return object;
}

void object_forget(uintptr_t address)
{
	struct object *object = object_at(address);

	memset(object, 0, sizeof *object);
	object->generation = machine.generation;
	object->address = address;
	object->owner = NO_OWNER;
}

void object_publish(struct view *view)
{
	struct thread *me = self();

	view_join(view, &me->now);
	/* Steps after this are not part of what is passed on. */
	me->now.at[machine.current]++;
}

bool object_sleep(enum operation op, uintptr_t address, int64_t deadline)
{
	struct thread *me = self();

	me->at.op = op;
	me->at.address = address;
	me->sleeps_on = address;
	me->deadline = deadline;
	me->timed_out = false;
	if (deadline == INT64_MAX) {
		me->status = op == OP_LOCK ? BLOCKED : ASLEEP;
	} else if (deadline <= machine.clock) {
		me->timed_out = true;
		return true;
	} else {
		me->status = ASLEEP;
	}
	machine_block();
	if (me->timed_out)
		trace_note("wakes: its deadline has passed");
	return me->timed_out;
}

static bool sleeps_at(const struct thread *thread, uintptr_t address)
{
	return (thread->status == ASLEEP || thread->status == BLOCKED) &&
	       thread->sleeps_on == address;
}

unsigned object_wake_all(uintptr_t address)
{
	unsigned count = 0;

	for (int t = 0; t < machine.count; t++) {
		if (sleeps_at(&machine.threads[t], address)) {
			machine.threads[t].status = READY;
			count++;
		}
	}
	return count;
}

unsigned object_wake_one(uintptr_t address)
{
	int sleepers[SIM_THREADS];
	unsigned count = 0;

	for (int t = 0; t < machine.count; t++) {
		if (sleeps_at(&machine.threads[t], address))
			sleepers[count++] = t;
	}
	if (count > 0)
		machine.threads[sleepers[choice_make(CHOOSE_SLEEPER, count)]].status = READY;
	return count > 0;
}

uint64_t objects_hash(uint64_t hash)
{
	uint64_t sum = 0;

	/* A sum, since the order of the entries depends on the schedule. */
	for (int i = 0; i < OBJECTS; i++) {
		const struct object *object = &objects[i];
		uint64_t one = mix(23, object->address);

		if (object->generation != machine.generation)
			continue;
		one = mix(one, (uint64_t)(object->owner + 2) << 32 | (uint32_t)object->count);
		one = mix(one, (uint64_t)object->need << 32 | (uint32_t)object->rounds);
		one = mix_bytes(one, object->readers, sizeof object->readers);
		one = mix(one, views_hash_one(&object->view));
		sum += mix(one, views_hash_one(&object->readers_view));
	}
	return mix(hash, sum);
}
