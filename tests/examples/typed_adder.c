/* SPDX-License-Identifier: 0BSD */
/* The adder with types: what is sent, what comes back, and what can go wrong. */
#include <stdio.h>
#include <ump_server/typed.h>

struct add {
	int a;
	int b;
};

#define ADDER_CODES(code) code(ADDER_OVERFLOW, 1, "the sum is out of range")

/* Requests, replies, posts (none here) and the handler's own codes. */
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
	return ump_continue();
}

UMP_TYPED_HANDLER(adder, handler, .request = add);

static void print_sum(adder_client client, int a, int b)
{
	int sum;
	int result = adder_client_req(client, &(struct add){a, b}, &sum, UMP_FOREVER);

	if (result == UMP_OK)
		printf("%d + %d = %d\n", a, b, sum);
	else
		printf("%d + %d: %s\n", a, b, adder_strerror(result));
}

int main(void)
{
	struct adder self = {0};
	adder_client client;
	adder_thread thread;

	int result = adder_spawn_thread(NULL, &handler, &self, &client, &thread);
	if (result != UMP_OK) {
		fprintf(stderr, "adder: %s\n", adder_strerror(result));
		return 1;
	}
	print_sum(client, 3, 7);
	print_sum(client, 2147483647, 1);
	adder_client_drop(&client);
	adder_thread_join(&thread, NULL, UMP_FOREVER);
	printf("%d sums\n", self.sums);
	return 0;
}
