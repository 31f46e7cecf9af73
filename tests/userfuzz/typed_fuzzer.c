/* SPDX-License-Identifier: 0BSD */
/* A fuzzer of a server of the typed layer; with -DMISTAKE the server adds wrongly. */
#include <ump_server/fuzz.h>
#include <ump_server/typed.h>

struct add {
	int a;
	int b;
};

#define ADDER_CODES(code) code(ADDER_OVERFLOW, 1, "the sum is out of range")

UMP_TYPED(adder, struct add, int, UMP_NONE, ADDER_CODES);

struct adder {
	int sums;
};

static struct ump_flow add(struct adder *self, const struct add *msg, adder_reply_context *rc)
{
	int sum;

	self->sums++;
	if (__builtin_add_overflow(msg->a, msg->b, &sum))
		adder_reply_fail(rc, ADDER_OVERFLOW);
	else
		adder_reply(rc, &sum);
#ifdef MISTAKE
	if (self->sums == 5)
		return ump_break(self);
#endif
	return ump_continue();
}

UMP_TYPED_HANDLER(adder, handler, .request = add);

/* What adder_builder gets as its `arg` comes first. */
static struct state {
	struct adder_binding binding;
	struct adder self;
} state;

static void *begin(struct ump_fuzz_input *input)
{
	(void)input;
	state = (struct state){.binding = {.handler = &handler, .self = &state.self}};
	return &state;
}

static void make_add(void *arg, struct ump_fuzz_input *input, void *request)
{
	struct add *numbers = request;

	(void)arg;
	numbers->a = (int)ump_fuzz_below(input, UINT32_MAX);
	numbers->b = ump_fuzz_byte(input);
}

static const char *check(void *arg, const void *request, int result, const void *reply)
{
	const struct add *numbers = request;

	(void)arg;
	if (result == UMP_OK && *(const int *)reply != numbers->a + numbers->b)
		return "not the sum";
	return NULL;
}

static const char *end(void *arg, struct ump_flow how)
{
	(void)arg;
	return how.stop ? "the adder ends by itself" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ump_fuzz_target target = {.build = adder_builder,
		.begin = begin,
		.request = make_add,
		.answer = check,
		.end = end};

	adder_configure(&target.config, &handler);
	ump_fuzz(&target, bytes, size);
	return 0;
}
