/* SPDX-License-Identifier: 0BSD */
#include "machine/choice.h"

#include "machine/machine.h"

static uint64_t random_state;
static size_t byte;
/* SIM_BYTES: number of further steps for which the running thread stays; -1: forever. */
static int stay;

/* The choices of this execution. */
static uint8_t made[SIM_CHOICES];
static size_t made_count;

/* SIM_EXHAUSTIVE: the choices that lead to the current point of the exploration. */
static struct {
	uint8_t value;
	uint8_t count;
} path[SIM_CHOICES];
static size_t path_length;
/* The input of a program that is fuzzed, if it is given to all executions; and where this
 * execution's is among the choices. */
static const uint8_t *given_input;
static size_t given_size;
static size_t input_from;
static size_t input_size;
/* SIM_EXHAUSTIVE: whether the present state is known. */
static bool (*is_known)(enum choice what);

uint32_t choice_random(void)
{
	/* xorshift64 */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32);
}

static int next_byte(void)
{
	return byte < sim_config.length ? sim_config.bytes[byte++] : -1;
}

void choice_begin(bool (*known)(enum choice what))
{
	is_known = known;
	random_state = (sim_config.seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 3; i++)
		choice_random();
	made_count = 0;
	byte = 0;
	stay = 0;
	input_size = 0;
	if (sim_config.mode == SIM_BYTES) {
		int first = next_byte();

		stay = first < 0 ? -1 : first & 31;
	}
}

const uint8_t *sim_choices(size_t *count)
{
	*count = made_count;
	return made;
}

/* Follow the path so far, then take the first alternative at each new choice. */
static unsigned explore(enum choice what, unsigned count)
{
	if (made_count < path_length)
		return path[made_count].value;
	if (sim_config.cut && is_known(what)) {
		sim_result.cut = true;
		machine_leave();
	}
	path[path_length].value = 0;
	path[path_length].count = (uint8_t)count;
	path_length++;
	return 0;
}

bool sim_next(void)
{
	while (path_length > 0) {
		if (++path[path_length - 1].value < path[path_length - 1].count)
			return true;
		path_length--;
	}
	return false;
}

void choice_restart(void)
{
	path_length = 0;
}

static unsigned random_choice(enum choice what, unsigned count)
{
	static const uint8_t one_in[] = {[CHOOSE_STORE] = 2,
		[CHOOSE_SPURIOUS] = 8,
		[CHOOSE_WEAK_FAILURE] = 8,
		[CHOOSE_REFUSAL] = 16,
		[CHOOSE_TICK] = 4,
		[CHOOSE_REUSE] = 4,
		[CHOOSE_SLEEPER] = 1};

	return choice_random() % one_in[what] != 0 ? 0 : choice_random() % count;
}

static unsigned keep(unsigned value)
{
	made[made_count++] = (uint8_t)value;
	return value;
}

unsigned choice_make(enum choice what, unsigned count)
{
	int given;

	if (count < 2)
		return 0;
	if (made_count == SIM_CHOICES)
		machine_limit("choices");
	switch (sim_config.mode) {
	case SIM_EXHAUSTIVE:
		return keep(explore(what, count));
	case SIM_BYTES:
	case SIM_REPLAY:
		given = next_byte();
		return keep(given < 0 ? 0 : (unsigned)given % count);
	case SIM_RANDOM:
	case SIM_PCT:
		break;
	}
	return keep(random_choice(what, count));
}

/* Return the thread with the highest priority; now and then the running thread gets the lowest
 * one. */
static unsigned pct_thread(const int *numbers, unsigned count, bool stays)
{
	unsigned best = 0;

	if (stays && sim_config.pct_points > 0 && sim_config.pct_steps > 0 &&
		choice_random() % (unsigned)sim_config.pct_steps < (unsigned)sim_config.pct_points)
		machine.threads[numbers[0]].priority = -(int)sim_result.steps;
	for (unsigned i = 1; i < count; i++) {
		if (machine.threads[numbers[i]].priority > machine.threads[numbers[best]].priority)
			best = i;
	}
	return best;
}

/* Bytes come in pairs: how long to stay, then which thread to switch to.  So changing one byte
 * moves one preemption, and later choices stay where they are. */
static unsigned bytes_thread(unsigned count, bool stays)
{
	unsigned chosen;
	int given;

	if (!stays) {
		given = next_byte();
		return given < 0 ? 0 : (unsigned)given % count;
	}
	if (stay != 0) {
		stay -= stay > 0;
		return 0;
	}
	given = next_byte();
	if (given < 0) {
		stay = -1;
		return 0;
	}
	chosen = 1 + (unsigned)given % (count - 1);
	given = next_byte();
	stay = given < 0 ? -1 : given & 31;
	return chosen;
}

void choice_stay(unsigned count)
{
	if (count < 2)
		return;
	if (made_count == SIM_CHOICES)
		machine_limit("choices");
	if (made_count == path_length) {
		path[path_length].value = 0;
		path[path_length].count = 1;
		path_length++;
	}
	keep(0);
}

/* ---- The input of a program that is fuzzed -------------------------------------------------- */

void sim_give_input(const uint8_t *bytes, size_t size)
{
	given_input = bytes;
	given_size = size;
}

bool sim_has_input(void)
{
	return given_input != NULL;
}

size_t sim_input_at(size_t *size)
{
	*size = input_size;
	return input_from;
}

/* Make an input: most are short, and small numbers are frequent, since they mean the most. */
static size_t random_input(uint8_t *bytes, size_t most)
{
	size_t size = 8 + choice_random() % (choice_random() % 4 == 0 ? 248 : 88);

	if (size > most)
		size = most;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(choice_random() % (choice_random() % 4 == 0 ? 8 : 256));
	return size;
}

static size_t read_input(uint8_t *bytes, size_t most)
{
	int length = next_byte();
	size_t size = length < 0 ? 0 : (size_t)length;

	for (size_t i = 0; i < size && i < most; i++) {
		int given = next_byte();

		bytes[i] = (uint8_t)(given < 0 ? 0 : given);
	}
	return size < most ? size : most;
}

/* What is no choice of the search still takes a place of its path. */
static void keep_given(uint8_t value)
{
	if (made_count == SIM_CHOICES)
		machine_limit("choices");
	if (sim_config.mode == SIM_EXHAUSTIVE && made_count == path_length) {
		path[path_length].value = value;
		path[path_length].count = 1;
		path_length++;
	}
	keep(value);
}

size_t choice_input(uint8_t *bytes, size_t most)
{
	size_t size = given_size;

	if (most > UINT8_MAX)
		most = UINT8_MAX;
	if (sim_config.mode == SIM_REPLAY ||
		(sim_config.mode == SIM_BYTES && given_input == NULL)) {
		size = read_input(bytes, most);
	} else if (given_input == NULL) {
		size = random_input(bytes, most);
	} else {
		if (size > most)
			size = most;
		memcpy(bytes, given_input, size);
	}
	input_from = made_count;
	input_size = size;
	keep_given((uint8_t)size);
	for (size_t i = 0; i < size; i++)
		keep_given(bytes[i]);
	return size;
}

/* ---- Threads -------------------------------------------------------------------------------- */

unsigned choice_thread(const int *numbers, unsigned count, bool stays)
{
	if (count < 2)
		return 0;
	if (made_count == SIM_CHOICES)
		machine_limit("choices");
	switch (sim_config.mode) {
	case SIM_EXHAUSTIVE:
	case SIM_REPLAY:
		return choice_make(CHOOSE_THREAD, count);
	case SIM_BYTES:
		return keep(bytes_thread(count, stays));
	case SIM_PCT:
		return keep(pct_thread(numbers, count, stays));
	case SIM_RANDOM:
		break;
	}
	if (stays && choice_random() % 4 != 0)
		return keep(0);
	return keep(choice_random() % count);
}
