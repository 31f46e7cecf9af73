/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [weak], [drain] and [clean]: weak clients are upgraded, send and are dropped, while the
 * last other strong client is dropped.  Requests through an upgraded client must be served.  Once
 * an upgrade has failed, every later one must fail too, on every thread.  Any thread may drop the
 * last reference of all.
 */
#include "stress.h"

#define HOLDERS 4
#define TRIES   60

static const struct stress_mix mix = {.drains = true};

struct holder {
	struct stress_sender sender;
	ump_weak_client *weak;
	atomic_bool *extinct;
	unsigned upgrades;
};

static void use(struct stress_sender *sender, ump_client *strong)
{
	ump_client *other = NULL;

	if (stress_one_in(&sender->rng, 2))
		(void)stress_post(sender, strong, STRESS_ANSWER);
	if (stress_one_in(&sender->rng, 8)) {
		CHECK_INT(ump_client_clone(strong, &other), ==, UMP_OK);
		CHECK_INT(stress_req(sender, other, STRESS_ANSWER, UMP_FOREVER), ==, UMP_OK);
	}
	ump_client_drop(&strong);
	ump_client_drop(&other);
}

static void *hold(void *arg)
{
	struct holder *holder = arg;
	struct stress_sender *sender = &holder->sender;

	for (unsigned i = 0; i < TRIES; i++) {
		bool over = atomic_load_explicit(holder->extinct, memory_order_acquire);
		ump_client *strong = NULL;
		int result = ump_weak_client_upgrade(holder->weak, &strong);

		if (result == UMP_OK) {
			CHECK(!over && strong != NULL);
			holder->upgrades++;
			use(sender, strong);
		} else {
			CHECK_INT(result, ==, UMP_CLIENTS_GONE);
			CHECK(strong == NULL);
			atomic_store_explicit(holder->extinct, true, memory_order_release);
		}
		if (stress_one_in(&sender->rng, 8)) {
			ump_weak_client *next = NULL;

			CHECK_INT(ump_weak_client_clone(holder->weak, &next), ==, UMP_OK);
			ump_weak_client_drop(&holder->weak);
			holder->weak = next;
		}
		if (stress_one_in(&sender->rng, 4))
			stress_dawdle(&sender->rng);
	}
	ump_weak_client_drop(&holder->weak);
	return NULL;
}

static void round_of(struct stress_rng *rng)
{
	struct stress_server server;
	struct holder holders[HOLDERS];
	atomic_bool extinct = false;
	unsigned count = 1 + stress_below(rng, HOLDERS);

	stress_server_init(&server, rng);
	stress_server_roam(&server, rng);
	stress_server_start(&server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&holders[i].sender, rng, i, &mix, 2 * (size_t)TRIES);
		holders[i].extinct = &extinct;
		holders[i].upgrades = 0;
		CHECK_INT(ump_client_weak(server.client, &holders[i].weak), ==, UMP_OK);
	}
	for (unsigned i = 0; i < count; i++)
		holders[i].sender.thread = stress_thread(hold, &holders[i]);
	for (unsigned i = stress_below(rng, 20); i > 0; i--)
		stress_dawdle(rng);
	ump_client_drop(&server.client);
	CHECK(!stress_server_join(&server));
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(holders[i].sender.thread);
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&holders[i].sender);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"upgrade_races_last_drop", "[weak] [drain] [clean]", round_of, 120};

	return stress_main(&program, argc, argv);
}
