/* SPDX-License-Identifier: 0BSD */
/* A key/value store whose entries expire: each has a timer of the server. */
#include <stdio.h>
#include <ump_server/typed.h>

#define KEYS 64
#define MS   INT64_C(1000000)
#define GET  (-1)

struct order {
	unsigned key;
	int value;
	int64_t ttl; /* ns to live; 0: for ever; GET: do not put, get */
};

#define KV_CODES(code) code(KV_NO_ENTRY, 1, "no such entry") code(KV_NO_KEY, 2, "no such key")
UMP_TYPED(kv, struct order, int, UMP_NONE, KV_CODES);

struct kv {
	struct entry {
		bool there;
		int value;
		uint64_t timer;
	} entries[KEYS];
};

static struct ump_flow expire(void *self, void *entry, uint64_t count)
{
	(void)self, (void)count;
	((struct entry *)entry)->there = false;
	return ump_continue();
}

static void put(struct entry *entry, const struct order *order)
{
	ump_timer_cancel(entry->timer);
	*entry = (struct entry){true, order->value, 0};
	if (order->ttl != 0 &&
		ump_timer_start(expire, entry, ump_after(order->ttl), 0, &entry->timer) != UMP_OK)
		entry->there = false;
}

static struct ump_flow serve(struct kv *self, const struct order *order, kv_reply_context *rc)
{
	struct entry *entry = &self->entries[order->key % KEYS];

	if (order->ttl != GET && order->key < KEYS)
		put(entry, order);
	if (order->key >= KEYS)
		kv_reply_fail(rc, KV_NO_KEY);
	else if (!entry->there)
		kv_reply_fail(rc, KV_NO_ENTRY);
	else
		kv_reply(rc, &entry->value);
	return ump_continue();
}

UMP_TYPED_HANDLER(kv, handler, .request = serve);

int main(void)
{
	static const struct order orders[] = {{1, 7, 0}, {2, 8, MS}, {3, 9, MS},
		{3, 10, 3600 * 1000 * MS}, {2, 0, GET}, {1, 0, GET}, {3, 0, GET}, {64, 0, GET}};
	static struct kv self;
	kv_client client;
	kv_thread thread;
	int result, value = 0;

	if (kv_spawn_thread(NULL, &handler, &self, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 0; i < 8; i++) {
		do
			result = kv_client_req(client, &orders[i], &value, UMP_FOREVER);
		while (i == 4 && result == UMP_OK); /* until it has expired */
		printf("%u: %s, %d\n", orders[i].key, kv_strerror(result), result ? 0 : value);
	}
	kv_client_drop(&client);
	return kv_thread_join(&thread, NULL, UMP_FOREVER);
}
