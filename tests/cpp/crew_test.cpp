// SPDX-License-Identifier: 0BSD
// The C++ face of workers: handlers from a factory, key functions, breaks of several handlers.
#include "counted.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

// ---- Workers that follow orders ----------------------------------------------------------------

struct shop : ump::protocol<counted, counted, counted, counted> {
};

enum {
	// Wait until as many messages as there are workers are under way.
	MEET = 1000,
	// The same, and break with the number of the worker.
	MEET_BREAK,
	BREAK,
	JOIN
};

// What all workers of a server write, with its lock held.
struct ledger {
	std::mutex lock;
	std::condition_variable met;
	int count = 0;
	int made = 0;
	int builds = 0;
	int fail_build = -1;
	int fail_init = -1;
	int inits = 0;
	int meeting = 0;
	int handled = 0;
	int left = 0;
	int gone = 0;
	std::vector<int> ended_with;
	ump::workers<shop> *joins = nullptr;
	int joined = 0;
	// Workers that are in a callback; the most of them.
	int busy = 0;
	int busiest = 0;
};

class worker : public ump::handler<shop>
{
      public:
	explicit worker(ledger &book) : book_(book), number_(book.made++)
	{
	}
	~worker() override
	{
		book_.gone++;
	}
	int build(const client &) override
	{
		CHECK(number_ == book_.builds && book_.made == book_.count);
		return book_.builds++ == book_.fail_build ? 5 : 0;
	}
	int init(const weak_client &) override
	{
		CHECK_INT(book_.inits, ==, number_);
		return book_.inits++ == book_.fail_init ? 6 : 0;
	}
	flow request(counted msg, reply_context rc) override
	{
		flow how = work(msg);

		rc.reply(counted(msg.worth() + 1));
		return how;
	}
	flow post(counted msg) override
	{
		return work(msg);
	}
	void leftover_request(leftover &) override
	{
		std::lock_guard<std::mutex> hold(book_.lock);

		book_.left++;
	}
	void leftover_post(counted msg) override
	{
		std::lock_guard<std::mutex> hold(book_.lock);

		CHECK(!msg.empty());
		book_.left++;
	}
	// Each adds 1 to the outcome.
	outcome term(outcome how) override
	{
		CHECK_INT(static_cast<int>(book_.ended_with.size()), ==, number_);
		book_.ended_with.push_back(how ? how->worth() : -1);
		if (how)
			how = counted(how->worth() + 1);
		return how;
	}

      private:
	flow work(const counted &msg)
	{
		std::unique_lock<std::mutex> hold(book_.lock);

		CHECK(!suspend());
		book_.handled++;
		if (++book_.busy > book_.busiest)
			book_.busiest = book_.busy;
		if (msg.worth() == MEET || msg.worth() == MEET_BREAK) {
			const int all = (book_.meeting++ / book_.count + 1) * book_.count;

			book_.met.notify_all();
			book_.met.wait(hold, [&] { return book_.meeting >= all; });
		}
		book_.busy--;
		if (msg.worth() == JOIN)
			book_.joined = book_.joins->join().error().code();
		if (msg.worth() == MEET_BREAK)
			return ump::stop(counted(100 * (number_ + 1)));
		if (msg.worth() == BREAK)
			return ump::stop(counted(70));
		return ump::go_on;
	}

	ledger &book_;
	const int number_;
};

ump::result<ump::workers_server<shop>> try_open(
	ledger &book, std::size_t count, const ump_config &config = ump_config())
{
	book.count = static_cast<int>(count);
	return ump::spawn_workers(
		count, [&] { return std::make_unique<worker>(book); }, config);
}

ump::workers_server<shop> open(
	ledger &book, std::size_t count, const ump_config &config = ump_config())
{
	auto made = try_open(book, count, config);

	CHECK(made);
	return std::move(*made);
}

// ---- Messages and the end ----------------------------------------------------------------------

void overlapping()
{
	ledger book;
	auto [client, workers] = open(book, 3);
	auto all = ump::open_completions();
	int answer = 0;

	CHECK(workers && workers.get() != nullptr);
	CHECK(book.made == 3 && book.builds == 3 && book.inits == 3 && book.gone == 0);
	for (int i = 0; i < 6; i++)
		CHECK(client.post(counted(MEET)));
	CHECK_INT(client.request(counted(1))->worth(), ==, 2);
	CHECK_INT(client.request(counted(2), ump::after(std::chrono::hours(1)))->worth(), ==, 3);
	CHECK_INT(client.request_async(counted(3))->wait()->worth(), ==, 4);
	CHECK(client.request_completion(
		counted(5), *all, [&](ump::result<counted> said) { answer = said->worth(); }));
	CHECK(all->wait() && answer == 6);
	CHECK(workers.join(ump::at_once).error() == UMP_TIMED_OUT);
	ump::workers<shop> moved = std::move(workers);
	CHECK(moved && !workers && workers.join().error() == UMP_INVALID);
	CHECK(workers.stats(0).error() == UMP_INVALID);
	client.reset();
	auto how = moved.join();
	CHECK(how && !*how && !moved);
	CHECK(book.handled == 10 && book.busiest == 3 && book.gone == 3 && book.left == 0);
	CHECK(book.ended_with == std::vector<int>({-1, -1, -1}));
}

// Both handlers break at once: one outcome counts, and the other is destroyed.  Each term passes it
// on.
void several_breaks()
{
	for (int round = 0; round < 20; round++) {
		ledger book;
		auto [client, workers] = open(book, 2);
		counted mine(5);

		CHECK(client.post(counted(MEET_BREAK)));
		CHECK(client.post(counted(MEET_BREAK)));
		auto how = workers.join();
		CHECK(how && *how && book.ended_with.size() == 2);
		CHECK(book.ended_with[0] == 100 || book.ended_with[0] == 200);
		CHECK_INT(book.ended_with[1], ==, book.ended_with[0] + 1);
		CHECK_INT((*how)->worth(), ==, book.ended_with[0] + 2);
		CHECK(client.request(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK(client.post(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		check_progress();
	}
}

void leaves_the_rest()
{
	ledger book;
	auto [client, workers] = open(book, 1);

	CHECK(client.post(counted(BREAK)));
	int accepted = 0;
	while (client.post(counted(1)))
		accepted++;
	auto how = workers.join();
	CHECK(how && *how && (*how)->worth() == 71);
	CHECK(book.handled == 1 && book.left == accepted);
}

void stopped()
{
	ledger book;
	auto [client, workers] = open(book, 2);

	CHECK(client.stop(counted(30)));
	auto how = workers.join();
	CHECK(how && *how && (*how)->worth() == 32);
	CHECK(book.ended_with == std::vector<int>({30, 31}) && book.gone == 2);
	CHECK(client.stop(counted(1)).error() == UMP_SERVER_GONE);
	// A stop, while handlers break by themselves: one of the outcomes counts.
	ledger other;
	auto both = open(other, 2);
	CHECK(both.client.post(counted(BREAK)));
	static_cast<void>(both.client.post(counted(BREAK)));
	static_cast<void>(both.client.stop(counted(30)));
	how = both.workers.join();
	CHECK(how && *how);
	CHECK(other.ended_with[0] == 30 || other.ended_with[0] == 70);
}

void watched()
{
	ledger book;
	auto [client, workers] = open(book, 2);
	auto all = std::move(*ump::open_completions());
	int ends = 0;
	auto told = [&](bool outcome) { ends += outcome ? 10 : 1; };

	CHECK(workers.watch(all, told));
	CHECK(client.watch(all, [&] { ends += 100; }));
	client.reset();
	CHECK(all.wait() && all.wait() && ends == 101 && book.gone == 2);
	CHECK(workers.join());
	ledger other;
	auto server = open(other, 2);
	CHECK(server.workers.watch(all, told));
	CHECK(server.client.post(counted(BREAK)));
	CHECK(all.wait() && ends == 111);
	CHECK_INT((*server.workers.join())->worth(), ==, 72);
	CHECK(server.workers.watch(all, told).error() == UMP_INVALID);
}

void statistics()
{
	ledger book;
	auto [client, workers] = open(book, 2);

	for (int i = 0; i < 4; i++)
		CHECK(client.post(counted(MEET)));
	CHECK_INT(client.request(counted(1))->worth(), ==, 2);
	auto first = workers.stats(0);
	auto second = workers.stats(1);
	CHECK(first && second && first->handled + second->handled == 5);
	CHECK(first->handled >= 2 && second->handled >= 2);
	CHECK(client.stats()->handled == 5 && first->clients == 1 && !first->closed);
	CHECK(workers.stats(2).error() == UMP_INVALID);
	client.reset();
	CHECK(workers.join());
}

// The handle is not a client: without it the workers continue, and the outcome is discarded.
void dropped()
{
	ledger book;
	{
		auto server = open(book, 2);

		server.workers.reset();
		CHECK(!server.workers);
		CHECK_INT(server.client.request(counted(1))->worth(), ==, 2);
		CHECK(server.client.post(counted(BREAK)));
	}
	CHECK(ump::join_dropped());
	CHECK(book.gone == 2 && book.ended_with == std::vector<int>({70, 71}));
}

void joined_by_a_worker()
{
	ledger book;
	auto [client, workers] = open(book, 2);

	book.joins = &workers;
	CHECK(client.request(counted(JOIN)));
	CHECK_INT(book.joined, ==, UMP_DEADLOCK);
	client.reset();
	CHECK(workers.join());
}

// ---- Keys --------------------------------------------------------------------------------------

struct deposit {
	int account;
	int number;
};

// Requests are move-only, and travel as pointers; posts travel as bytes.
struct bank : ump::protocol<std::unique_ptr<deposit>, std::unique_ptr<int>, deposit, std::string> {
};

constexpr int ACCOUNTS = 4;

// Written by the one worker that has the account.
struct account {
	int numbers = 0;
	bool busy = false;
};

class teller : public ump::handler<bank>
{
      public:
	explicit teller(account *accounts) : accounts_(accounts)
	{
	}
	flow request(std::unique_ptr<deposit> msg, reply_context rc) override
	{
		enter(*msg);
		rc.reply(std::make_unique<int>(accounts_[msg->account].numbers));
		return ump::go_on;
	}
	flow post(deposit msg) override
	{
		enter(msg);
		if (msg.number < 0)
			return ump::stop(std::string(100, 'x'));
		return ump::go_on;
	}

      private:
	void enter(const deposit &msg)
	{
		account &mine = accounts_[msg.account];

		CHECK(!mine.busy);
		mine.busy = true;
		CHECK(msg.number < 0 || msg.number == mine.numbers);
		mine.numbers++;
		if (msg.number % 16 == 0)
			check_nap(1);
		mine.busy = false;
	}

	account *accounts_;
};

// A key function with a state, which can only be moved.
class by_account
{
      public:
	explicit by_account(std::atomic<int> &calls) : calls_(&calls)
	{
	}
	std::uint64_t operator()(const std::unique_ptr<deposit> &msg)
	{
		(*calls_)++;
		return static_cast<std::uint64_t>(msg->account);
	}
	std::uint64_t operator()(const deposit &msg)
	{
		(*calls_)++;
		return static_cast<std::uint64_t>(msg.account);
	}

      private:
	std::atomic<int> *calls_;
	counted lives_;
	std::unique_ptr<int> only_moved_;
};

std::uint64_t not_this_key(void *, const void *, bool)
{
	CHECK(false);
	return 0;
}

void by_key()
{
	enum {
		ROUNDS = 200
	};
	account accounts[ACCOUNTS];
	std::atomic<int> calls = 0;
	ump_config config = ump_config();
	std::vector<ump::wait_reply<bank>> waits;

	config.key = not_this_key;
	auto server = ump::spawn_workers_by_key(
		3, [&] { return std::make_unique<teller>(accounts); }, by_account(calls), config);
	CHECK(server);
	auto [client, workers] = std::move(*server);
	for (int i = 0; i < ROUNDS; i++)
		for (int j = 0; j < ACCOUNTS; j++) {
			if ((i + j) % 2 == 0)
				CHECK(client.post(deposit{j, i}));
			else
				waits.push_back(*client.request_async(
					std::make_unique<deposit>(deposit{j, i})));
		}
	// The request of one that waits is lent: the key function reads it there.
	CHECK_INT(**client.request(std::make_unique<deposit>(deposit{2, ROUNDS})), ==, ROUNDS + 1);
	for (auto &wait : waits)
		CHECK(**wait.wait() > 0);
	CHECK(client.post(deposit{0, -1}));
	auto how = workers.join();
	CHECK(how && *how && **how == std::string(100, 'x'));
	CHECK_INT(calls.load(), ==, ACCOUNTS * ROUNDS + 2);
	auto refused = std::make_unique<deposit>();
	CHECK(client.request(std::move(refused)).error() == UMP_SERVER_GONE);
	CHECK(refused != nullptr);
}

// Protocols with one kind of message, and callables of other kinds as keys.
void keys_of_one_kind()
{
	struct only_posts : ump::protocol<ump::none, ump::none, std::string> {
	};
	struct only_requests : ump::protocol<std::string, std::string> {
	};
	std::atomic<int> handled = 0;
	ump_config config = ump_config();

	auto posts = ump::spawn_workers_by_key(
		2,
		[&] {
			return ump::make_handler<only_posts>(
				[&](std::string) -> ump::flow<ump::none> {
					handled++;
					return ump::go_on;
				});
		},
		[](const std::string &text) { return text.size(); });
	CHECK(posts);
	CHECK(posts->client.post("one") && posts->client.post("three"));
	posts->client.reset();
	CHECK(posts->workers.join() && handled == 2);
	auto requests = ump::spawn_workers_by_key(
		2,
		[] {
			return ump::make_handler<only_requests>(
				[](std::string text, ump::reply_context<only_requests> rc)
					-> ump::flow<ump::none> {
					rc.reply(text + "!");
					return ump::go_on;
				});
		},
		&std::string::length);
	CHECK(requests);
	CHECK(*requests->client.request("one") == "one!");
	requests->client.reset();
	CHECK(requests->workers.join());
	// That of a configuration is not used: it would not know the values.
	config.key = not_this_key;
	auto none = ump::spawn_workers(
		2,
		[&] {
			return ump::make_handler<only_posts>(
				[](std::string) -> ump::flow<ump::none> { return ump::stop(); });
		},
		config);
	CHECK(none && none->client.post("end"));
	CHECK(none->workers.join().value());
}

// ---- Workers that do not start ----------------------------------------------------------------

void failing_to_start()
{
	for (int fails = 0; fails < 3; fails++) {
		ledger build;
		ledger init;

		build.fail_build = init.fail_init = fails;
		CHECK_INT(try_open(build, 3).error().code(), ==, 5);
		CHECK(build.builds == fails + 1 && build.inits == 0 && build.gone == 3);
		CHECK_INT(try_open(init, 3).error().code(), ==, 6);
		CHECK(init.builds == 3 && init.inits == fails + 1 && init.gone == 3);
		CHECK(init.ended_with.empty());
	}
	ledger book;
	CHECK(try_open(book, 0).error() == UMP_INVALID);
	CHECK(try_open(book, UMP_WORKERS_MOST + 1).error() == UMP_INVALID);
	CHECK(try_open(book, SIZE_MAX).error() == UMP_INVALID);
	CHECK_INT(book.made, ==, 0);
	ump_config config = ump_config();
	config.capacity = SIZE_MAX;
	CHECK(try_open(book, 2, config).error() == UMP_INVALID);
	CHECK(book.made == 2 && book.gone == 2 && book.builds == 0);
}

// The factory makes two handlers, and then fails in some way.
void failing_factories()
{
	ledger book;
	bool throws = false;
	auto make = [&]() -> std::unique_ptr<worker> {
		if (book.made < 2)
			return std::make_unique<worker>(book);
		if (throws)
			throw std::runtime_error("no third worker");
		return nullptr;
	};
	auto key = [lives = counted()](
			   const counted &msg) { return static_cast<std::uint64_t>(msg.worth()); };

	CHECK(ump::spawn_workers(3, make).error() == UMP_INVALID);
	CHECK(book.made == 2 && book.gone == 2);
	throws = true;
	for (bool keyed : {false, true}) {
		std::string thrown;

		book.made = 0;
		try {
			if (keyed)
				static_cast<void>(ump::spawn_workers_by_key(3, make, key));
			else
				static_cast<void>(ump::spawn_workers(3, make));
		} catch (const std::runtime_error &error) {
			thrown = error.what();
		}
		CHECK(thrown == "no third worker");
	}
	CHECK(book.gone == 6 && book.builds == 0);
}

void throwing_handler()
{
	struct numbers : ump::protocol<ump::none, ump::none, int> {
	};
	auto server = ump::spawn_workers(2, [] {
		return ump::make_handler<numbers>([](int) -> ump::flow<ump::none> {
			throw std::runtime_error("the worker has thrown");
		});
	});

	static_cast<void>(server->client.post(1));
	for (;;)
		check_nap(1000);
}

void throwing_key()
{
	struct numbers : ump::protocol<ump::none, ump::none, int> {
	};
	auto server = ump::spawn_workers_by_key(
		2,
		[] {
			return ump::make_handler<numbers>(
				[](int) -> ump::flow<ump::none> { return ump::go_on; });
		},
		[](int) -> std::uint64_t { throw std::runtime_error("the key has thrown"); });

	static_cast<void>(server->client.post(1));
	for (;;)
		check_nap(1000);
}

void exceptions_end_the_program()
{
	CHECK(check_dies(throwing_handler, "post() of the handler "));
	CHECK(check_dies(throwing_handler, "the worker has thrown"));
	CHECK(check_dies(throwing_key, "an exception has left key() of "));
	CHECK(check_dies(throwing_key, "the key has thrown"));
}

// ---- Memory, threads and places ----------------------------------------------------------------

void on_a_pool()
{
	auto threads = ump::open_thread_pool();
	ump_config config = ump_config();

	config.thread_pool = threads->get();
	for (int round = 0; round < 3; round++) {
		ledger book;
		auto [client, workers] = open(book, 2, config);

		CHECK(client.post(counted(MEET)) && client.post(counted(MEET)));
		client.reset();
		CHECK(workers.join() && book.handled == 2 && book.gone == 2);
	}
}

void places()
{
	account accounts[ACCOUNTS];
	std::atomic<int> calls = 0;
	auto make = [&] { return std::make_unique<teller>(accounts); };
	auto first = ump::spawn_workers(1, make);
	const int plain = __LINE__ - 1;
	auto second = ump::spawn_workers_by_key(1, make, by_account(calls));
	const int keyed = __LINE__ - 1;

	CHECK(first && second);
#ifdef UMP_REGISTRY
	for (int line : {plain, keyed})
		CHECK(dumped().find("crew_test.cpp:" + std::to_string(line)) != std::string::npos);
#else
	CHECK(plain != keyed && !dumped().empty());
#endif
	first->client.reset();
	second->client.reset();
	CHECK(first->workers.join() && second->workers.join());
}

// Use workers of both kinds; false if something was lacking.
bool all_of_it()
{
	ledger book;
	counted mine(5);
	bool done = true;
	auto lacks = [&](ump::error why) { may_lack(why, mine, done); };
	auto all = ump::open_completions();
	auto server = try_open(book, 2);

	CHECK(server || server.error() == UMP_NO_MEMORY || server.error() == UMP_NO_THREAD);
	CHECK(server || book.gone == book.made);
	if (!all || !server) {
		if (server) {
			server->client.reset();
			CHECK(server->workers.join());
		}
		return false;
	}
	lacks(server->client.request(std::move(mine)).error());
	lacks(server->client.post(std::move(mine)).error());
	lacks(server->workers.watch(*all, [](bool) {}).error());
	server->client.reset();
	CHECK(server->workers.join());
	CHECK_INT(book.gone, ==, 2);
	account accounts[ACCOUNTS];
	std::atomic<int> calls = 0;
	auto other = ump::spawn_workers_by_key(
		2, [&] { return std::make_unique<teller>(accounts); }, by_account(calls));
	CHECK(other || other.error() == UMP_NO_MEMORY || other.error() == UMP_NO_THREAD);
	if (!other)
		return false;
	other->client.reset();
	CHECK(other->workers.join());
	return done;
}

void without_memory()
{
	// For each of the servers the ending, the list of the handlers, and two handlers; a box for
	// the post, one for the reply, and the callable of the watch.
	with_each_lack<all_of_it>(11);
}

const check_test tests[] = {
	{"c++ [workers] [drain]: messages of all kinds overlap", leaving_nothing<overlapping>},
	{"c++ [workers] [break] [once]: several handlers break", leaving_nothing<several_breaks>},
	{"c++ [workers] [break] [gone]: what a break leaves over",
		leaving_nothing<leaves_the_rest>},
	{"c++ [workers] [stop]: a stop, and one against breaks", leaving_nothing<stopped>},
	{"c++ [workers] [watch]: told of the end", leaving_nothing<watched>},
	{"c++ [workers]: the statistics of each worker", leaving_nothing<statistics>},
	{"c++ [workers] [clean]: the handle is dropped", leaving_nothing<dropped>},
	{"c++ [workers] [deadlock]: joined by a worker", leaving_nothing<joined_by_a_worker>},
	{"c++ [workers] [fifo]: by key, with values that can only be moved",
		leaving_nothing<by_key>},
	{"c++ [workers]: keys of protocols with one kind of message",
		leaving_nothing<keys_of_one_kind>},
	{"c++ [workers] [init] [misuse]: a build or an init fails",
		leaving_nothing<failing_to_start>},
	{"c++ [workers] [init]: the factory fails", leaving_nothing<failing_factories>},
	{"c++ [workers] [user]: an exception that leaves a handler or a key",
		exceptions_end_the_program},
	{"c++ [workers] [reuse]: on pooled threads", leaving_nothing<on_a_pool>},
	{"c++ [workers]: the dump names the place", leaving_nothing<places>},
	{"c++ [workers] [clean]: each lack of memory", leaving_nothing<without_memory>},
};

} // namespace

CHECK_MAIN(tests)
