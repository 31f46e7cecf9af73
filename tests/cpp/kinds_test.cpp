// SPDX-License-Identifier: 0BSD
// The C++ face where servers have no thread of their own: combining servers, and thread pools.
#include "counted.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace
{

// ---- A server that follows orders --------------------------------------------------------------

struct shop : ump::protocol<counted, counted, counted, counted> {
};

enum {
	KEEP = 1000,
	STOP,
	SUSPEND
};

// Number of servers that a thread has run, and of such threads that have ended.
std::atomic<int> ended_threads;

struct had {
	int servers = 0;
	~had()
	{
		if (servers > 0)
			ended_threads++;
	}
};
thread_local had mine_had;

// Written by the keeper.
struct ledger {
	int handled = 0;
	int gone = 0;
	int terms = 0;
	int ended_with = -1;
	int servers_before = -1;
	std::thread::id ran_on;
	std::vector<ump::reply_context<shop>> kept;
	bool suspended = false;
	// If set, called by each callback for a message, once that has been answered.
	std::function<void()> also;
};

class keeper : public ump::handler<shop>
{
      public:
	explicit keeper(ledger &book) : book_(book)
	{
	}
	~keeper() override
	{
		book_.gone++;
	}
	int init(const weak_client &) override
	{
		book_.servers_before = mine_had.servers++;
		return 0;
	}
	flow request(counted msg, reply_context rc) override
	{
		note();
		if (msg.worth() == KEEP)
			book_.kept.push_back(std::move(rc));
		else
			rc.reply(counted(msg.worth() + 1));
		return go_on(msg);
	}
	flow post(counted msg) override
	{
		note();
		if (msg.worth() == SUSPEND)
			book_.suspended = static_cast<bool>(suspend());
		return go_on(msg);
	}
	outcome term(outcome how) override
	{
		book_.terms++;
		book_.ended_with = how ? how->worth() : 0;
		return how;
	}

      private:
	void note()
	{
		book_.handled++;
		book_.ran_on = std::this_thread::get_id();
	}
	flow go_on(counted &msg)
	{
		if (book_.also)
			book_.also();
		if (msg.worth() == STOP)
			return ump::stop(counted(77));
		return ump::go_on;
	}

	ledger &book_;
};

ump::combining_server<shop> open_combining(ledger &book, const ump_config &config = ump_config())
{
	auto made = ump::spawn_combining(std::make_unique<keeper>(book), config);

	CHECK(made);
	return std::move(*made);
}

// ---- Combining servers -------------------------------------------------------------------------

void inside_the_calls()
{
	ledger book;
	auto [client, combining] = open_combining(book);
	auto all = ump::open_completions();
	int answer = 0;

	CHECK(combining && combining.get() != nullptr && book.servers_before >= 0);
	CHECK_INT(client.request(counted(1))->worth(), ==, 2);
	CHECK(book.handled == 1 && book.ran_on == std::this_thread::get_id());
	CHECK_INT(client.request(counted(2), ump::after(std::chrono::hours(1)))->worth(), ==, 3);
	CHECK(client.post(counted(3)));
	CHECK_INT(book.handled, ==, 3);
	auto waits = client.request_async(counted(4));
	CHECK_INT(book.handled, ==, 4);
	CHECK_INT(waits->try_wait()->worth(), ==, 5);
	CHECK(client.request_completion(
		counted(5), *all, [&](ump::result<counted> said) { answer = said->worth(); }));
	CHECK(book.handled == 5 && answer == 0);
	CHECK(all->next() && answer == 6);
	CHECK(combining.join(ump::at_once).error() == UMP_TIMED_OUT);
	ump::combining<shop> moved = std::move(combining);
	CHECK(moved && !combining && combining.join().error() == UMP_INVALID);
	CHECK(book.terms == 0 && book.gone == 0);
	client.reset();
	CHECK(book.terms == 1 && book.gone == 1 && book.ended_with == 0);
	auto how = moved.join();
	CHECK(how && !*how && !moved);
	CHECK(moved.join().error() == UMP_INVALID);
}

void combining_breaks()
{
	ledger book;
	auto [client, combining] = open_combining(book);
	counted mine(5);

	auto kept = client.request_async(counted(KEEP));
	CHECK_INT(client.request(counted(STOP))->worth(), ==, STOP + 1);
	CHECK(book.terms == 1 && book.gone == 1 && book.ended_with == 77);
	CHECK(client.request(std::move(mine)).error() == UMP_SERVER_GONE);
	CHECK(client.post(std::move(mine)).error() == UMP_SERVER_GONE);
	CHECK_INT(mine.worth(), ==, 5);
	CHECK(book.kept[0].reply(counted(8)));
	CHECK_INT(kept->wait()->worth(), ==, 8);
	CHECK_INT(combining.join().value()->worth(), ==, 77);
}

// The handle is not a client: without it the server continues, and its outcome is discarded.
void watched()
{
	ledger book;
	auto [client, combining] = open_combining(book);
	auto all = std::move(*ump::open_completions());
	int ends = 0;
	auto told = [&](bool outcome) { ends += outcome ? 10 : 1; };

	CHECK(combining.watch(all, told));
	client.reset();
	CHECK(all.next() && ends == 1);
	CHECK(combining.join(ump::at_once));
	ledger other;
	auto server = ump::spawn_thread(std::make_unique<keeper>(other));
	CHECK(server->thread.watch(all, told));
	CHECK(server->client.post(counted(STOP)));
	CHECK(all.wait() && ends == 11);
	CHECK(server->thread.join());
}

void combining_is_dropped()
{
	ledger book;
	auto server = open_combining(book);

	server.combining.reset();
	CHECK(!server.combining);
	CHECK_INT(server.client.request(counted(1))->worth(), ==, 2);
	CHECK(server.client.post(counted(STOP)));
	CHECK_INT(book.ended_with, ==, 77);
	// Assignment drops the old server, in either order.
	ledger other;
	server = open_combining(other);
	CHECK(server.client.post(counted(1)));
	server = ump::combining_server<shop>();
	CHECK(other.gone == 1 && other.handled == 1 && other.terms == 1);
}

void inside_its_handler()
{
	ledger book;
	auto server = open_combining(book);
	int calls = 0;

	CHECK(server.client.post(counted(SUSPEND)) && !book.suspended);
	book.also = [&] {
		counted mine(5);

		if (calls++ != 0)
			return;
		CHECK(server.client.request(std::move(mine)).error() == UMP_DEADLOCK);
		CHECK_INT(mine.worth(), ==, 5);
		CHECK(server.combining.join().error() == UMP_DEADLOCK);
		CHECK(server.combining);
		CHECK(server.client.post(std::move(mine)));
		CHECK(book.handled == 2);
		// Both handles are dropped while their server runs; the call has its own client.
		server.client.reset();
		server.combining.reset();
		CHECK_INT(book.gone, ==, 0);
	};
	auto client = server.client.clone();
	CHECK_INT(client->request(counted(1))->worth(), ==, 2);
	CHECK(book.handled == 3 && calls == 2 && book.gone == 0);
	client->reset();
	CHECK(book.gone == 1 && book.ended_with == 0);
}

// The handler retrieves the reply that it has given, while its requester still sends.
void answers_inside_the_handler()
{
	ledger book;
	auto [client, combining] = open_combining(book);
	auto all = ump::open_completions();
	ump::completions moved;
	int answer = 0;
	bool other_called = false;
	auto note = [&](ump::result<counted> said) { answer = said->worth(); };

	// A request that stays in flight, so that there is a list.
	CHECK(client.request_completion(
		counted(KEEP), *all, [&](const ump::result<counted> &) { other_called = true; }));
	book.also = [&] { CHECK(all->next()); };
	CHECK(client.request_completion(counted(1), *all, note));
	CHECK(answer == 2 && !other_called && all->in_flight() == 1);
	CHECK(all->next().error() == UMP_EMPTY);
	// A refused request does not wait.
	book.also = nullptr;
	CHECK(client.post(counted(STOP)));
	counted mine(5);
	CHECK(client.request_completion(std::move(mine), *all, note).error() == UMP_SERVER_GONE);
	CHECK_INT(mine.worth(), ==, 5);
	moved = std::move(*all);
	CHECK(book.kept[0].reply(counted(1)));
	CHECK(moved.wait() && other_called);
	CHECK(moved.next().error() == UMP_EMPTY);
	CHECK(combining.join());
}

void combining_fails_to_start()
{
	class refuses final : public keeper
	{
	      public:
		refuses(ledger &book, bool builds) : keeper(book), builds_(builds)
		{
		}
		int build(const client &) override
		{
			return builds_ ? 0 : 5;
		}
		int init(const weak_client &) override
		{
			return 6;
		}

	      private:
		bool builds_;
	};
	ledger book;
	ump_config config = ump_config();

	CHECK(ump::spawn_combining(std::make_unique<refuses>(book, false)).error().code() == 5);
	CHECK(ump::spawn_combining(std::make_unique<refuses>(book, true)).error().code() == 6);
	CHECK(book.gone == 2 && book.terms == 0);
	CHECK(ump::spawn_combining(std::unique_ptr<keeper>()).error() == UMP_INVALID);
	config.budget = SIZE_MAX;
	CHECK(ump::spawn_combining(std::make_unique<keeper>(book), config).error() == UMP_INVALID);
	CHECK_INT(book.gone, ==, 3);
}

// Threads that run the server for each other, with each way to send, while one waits for the end.
void many_callers()
{
	enum {
		ROUNDS = 1000
	};
	for (std::size_t budget : {0u, 1u}) {
		ledger book;
		ump_config config = ump_config();
		std::vector<std::thread> threads;

		config.budget = budget;
		auto [client, combining] = open_combining(book, config);
		for (int way = 0; way < 3; way++)
			threads.emplace_back([way, from = *client.clone()] {
				for (int i = 0; i < ROUNDS; i++) {
					counted value(i);

					if (way == 0)
						CHECK(from.post(std::move(value)));
					else if (way == 1)
						CHECK(from.request(std::move(value))->worth() ==
							i + 1);
					else
						CHECK(from.request_async(std::move(value))
								->wait()
								->worth() == i + 1);
				}
			});
		client.reset();
		auto how = combining.join();
		CHECK(how && !*how);
		CHECK(book.handled == 3 * ROUNDS && book.gone == 1);
		for (auto &thread : threads)
			thread.join();
		check_progress();
	}
}

// Whichever thread ends it, the outcome must reach the thread that waits for it.
void combining_joined_elsewhere()
{
	for (int round = 0; round < 20; round++) {
		ledger book;
		auto [client, combining] = open_combining(book);
		std::thread other([round, from = std::move(client)] {
			check_nap(round % 4);
			CHECK(from.post(counted(STOP)));
		});

		CHECK_INT(combining.join().value()->worth(), ==, 77);
		CHECK(book.gone == 1 && book.ran_on == other.get_id());
		other.join();
	}
}

// ---- Thread pools ------------------------------------------------------------------------------

// Run a server to its end; return the number of servers that its thread has run before.
template <class Spawn> int live_once(Spawn spawn)
{
	ledger book;
	auto server = spawn(std::make_unique<keeper>(book));

	CHECK(server);
	CHECK_INT(server->client.request(counted(1))->worth(), ==, 2);
	CHECK(book.ran_on != std::this_thread::get_id());
	CHECK(server->client.post(counted(STOP)));
	CHECK_INT(server->thread.join().value()->worth(), ==, 77);
	CHECK_INT(book.gone, ==, 1);
	return book.servers_before;
}

void used_again()
{
	auto open = ump::open_thread_pool();
	CHECK(open && *open && open->get() != nullptr);
	ump::thread_pool threads = std::move(*open);
	ump_config config = ump_config();
	auto on_these = [&](auto handler) { return threads.spawn_thread(std::move(handler)); };
	auto lent = [&](auto handler) { return ump::spawn_thread(std::move(handler), config); };

	CHECK(!*open);
	ended_threads = 0;
	for (int i = 0; i < 3; i++)
		CHECK_INT(live_once(on_these), ==, i);
	// A configuration that names the pool selects the same thread.
	config.thread_pool = threads.get();
	CHECK_INT(live_once(lent), ==, 3);
	// The pool that is called takes precedence over the configuration's.
	auto others = ump::open_thread_pool();
	config.thread_pool = others->get();
	CHECK_INT(live_once([&](auto handler) {
		return threads.spawn_thread(std::move(handler), config);
	}),
		==, 4);
	CHECK_INT(ended_threads.load(), ==, 0);
	threads.reset();
	CHECK(!threads && ended_threads == 1);
	CHECK_INT(live_once([](auto handler) { return ump::spawn_thread(std::move(handler)); }), ==,
		0);
}

// Run two servers at once, with a pool for at most `most` idle threads.
int ended_of_two(std::size_t most)
{
	ledger books[2];
	auto threads = ump::open_thread_pool(most);
	auto first = threads->spawn_thread(std::make_unique<keeper>(books[0]));
	auto second = threads->spawn_thread(std::make_unique<keeper>(books[1]));

	CHECK(first && second);
	ended_threads = 0;
	first->client.reset();
	second->client.reset();
	CHECK(first->thread.join() && second->thread.join());
	return ended_threads;
}

void no_more_than_may_be_idle()
{
	CHECK_INT(ended_of_two(0), ==, 0);
	CHECK_INT(ended_of_two(1), ==, 1);
}

// Dropping the pool must not disturb running servers; they end as if they had their own threads.
void dropped_while_one_runs()
{
	ledger book;
	auto threads = ump::open_thread_pool();
	auto server = threads->spawn_thread(std::make_unique<keeper>(book));

	ended_threads = 0;
	threads->reset();
	CHECK_INT(server->client.request(counted(1))->worth(), ==, 2);
	CHECK_INT(ended_threads.load(), ==, 0);
	server->client.reset();
	CHECK(server->thread.join());
	CHECK(ended_threads == 1 && book.gone == 1);
}

void wrong_threads()
{
	const std::size_t stack = 1 << 20;
	ledger book;
	ump::thread_pool none;
	ump_config config = ump_config();

	CHECK(none.spawn_thread(std::make_unique<keeper>(book)).error() == UMP_INVALID);
	CHECK_INT(book.gone, ==, 1);
	none.reset();
	auto threads = ump::open_thread_pool(1, stack);
	config.stack_size = 2 * stack;
	CHECK(threads->spawn_thread(std::make_unique<keeper>(book), config).error() == UMP_INVALID);
	CHECK(threads->spawn_thread(std::unique_ptr<keeper>()).error() == UMP_INVALID);
	CHECK_INT(book.gone, ==, 2);
	config.stack_size = stack;
	CHECK_INT(live_once([&](auto handler) {
		return threads->spawn_thread(std::move(handler), config);
	}),
		==, 0);
}

// ---- Both --------------------------------------------------------------------------------------

void places()
{
	ledger books[2];
	auto server = ump::spawn_combining(std::make_unique<keeper>(books[0]));
	const int combining = __LINE__ - 1;
	auto threads = ump::open_thread_pool();
	auto other = threads->spawn_thread(std::make_unique<keeper>(books[1]));
	const int started = __LINE__ - 1;

#ifdef UMP_REGISTRY
	for (int line : {combining, started})
		CHECK(dumped().find("kinds_test.cpp:" + std::to_string(line)) != std::string::npos);
#else
	CHECK(combining != started && !dumped().empty());
#endif
	other->client.reset();
	CHECK(other->thread.join());
}

// Use a combining server and a pooled one; false if something was lacking.
bool all_of_it()
{
	ledger books[2];
	counted mine(5);
	bool done = true;
	auto lacks = [&](ump::error why) { may_lack(why, mine, done); };
	auto server = ump::spawn_combining(std::make_unique<keeper>(books[0]));
	auto threads = ump::open_thread_pool();
	auto all = ump::open_completions();

	if (!server || !threads || !all)
		return false;
	lacks(server->client.request(std::move(mine)).error());
	lacks(server->client.post(std::move(mine)).error());
	lacks(server->client.request_async(std::move(mine)).error());
	auto sent = server->client.request_completion(
		std::move(mine), *all, [&](ump::result<counted> said) { lacks(said.error()); });
	lacks(sent.error());
	CHECK(all->next().error() == (sent ? UMP_OK : UMP_EMPTY));
	server->client.reset();
	CHECK(server->combining.join());
	auto other = threads->spawn_thread(std::make_unique<keeper>(books[1]));
	CHECK(other || other.error() == UMP_NO_MEMORY || other.error() == UMP_NO_THREAD);
	CHECK(books[0].gone == 1 && books[1].gone == (other ? 0 : 1));
	if (!other)
		return false;
	other->client.reset();
	CHECK(other->thread.join());
	return done;
}

void without_memory()
{
	// Two for each server, a callable, a box for each message that is not lent, and one for
	// each of three replies.
	with_each_lack<all_of_it>(11);
}

const check_test tests[] = {
	{"c++ [combining] [drain]: messages are handled inside the calls that send them",
		leaving_nothing<inside_the_calls>},
	{"c++ [combining] [break] [gone] [keep]: a combining server ends with a value",
		leaving_nothing<combining_breaks>},
	{"c++ [watch]: a combining server and a thread", leaving_nothing<watched>},
	{"c++ [combining] [clean]: its handle is dropped", leaving_nothing<combining_is_dropped>},
	{"c++ [combining] [deadlock] [user]: what its handler may do",
		leaving_nothing<inside_its_handler>},
	{"c++ [combining] [complete]: its handler takes answers of its caller's completions",
		leaving_nothing<answers_inside_the_handler>},
	{"c++ [combining] [init] [misuse]: one that does not start",
		leaving_nothing<combining_fails_to_start>},
	{"c++ [combining] [once]: many callers", leaving_nothing<many_callers>},
	{"c++ [combining] [quiet]: joined while another thread ends it",
		leaving_nothing<combining_joined_elsewhere>},
	{"c++ [reuse]: one thread for server after server", leaving_nothing<used_again>},
	{"c++ [reuse]: no more threads are idle than may be",
		leaving_nothing<no_more_than_may_be_idle>},
	{"c++ [reuse] [clean]: threads are dropped while one has a server",
		leaving_nothing<dropped_while_one_runs>},
	{"c++ [reuse] [misuse]: no threads, and stacks of another size",
		leaving_nothing<wrong_threads>},
	{"c++: the dump names places of both", leaving_nothing<places>},
	{"c++ [clean] [combining] [reuse]: each lack of memory", leaving_nothing<without_memory>},
};

} // namespace

CHECK_MAIN(tests)
