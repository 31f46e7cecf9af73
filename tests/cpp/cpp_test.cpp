// SPDX-License-Identifier: 0BSD
// The C++ face: each value must be moved and destroyed as promised, whatever becomes of its
// message.
#include "counted.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

// ---- A server ----------------------------------------------------------------------------------

enum class trouble {
	refused = 3
};

struct shop : ump::protocol<counted, counted, counted, counted, trouble> {
};

enum {
	KEEP = 1000,
	FORGET,
	FAIL,
	STOP,
	STOP_SILENTLY,
	TAKE,
	THROW
};

// Written by the keeper; read once it is gone, or ordered by a reply.
struct ledger {
	int handled = 0;
	int left = 0;
	int gone = 0;
	int inits = 0;
	int terms = 0;
	bool stopped = false;
	int moves = -1;
	ump::reply_context<shop> kept;
	ump::weak_client<shop> me;
};

class keeper : public ump::handler<shop>
{
      public:
	explicit keeper(ledger &book, int build_code = 0, int init_code = 0)
	    : book_(book), build_code_(build_code), init_code_(init_code)
	{
	}
	~keeper() override
	{
		book_.gone++;
		book_.me.reset();
	}
	int build(const client &me) override
	{
		CHECK(me);
		return build_code_;
	}
	int init(const weak_client &me) override
	{
		auto mine = me.clone();

		book_.inits++;
		if (!mine)
			return mine.error().code();
		book_.me = std::move(*mine);
		return init_code_;
	}
	flow request(counted msg, reply_context rc) override
	{
		book_.handled++;
		book_.moves = msg.moves();
		switch (msg.worth()) {
		case KEEP:
			book_.kept = std::move(rc);
			break;
		case FORGET:
			break;
		case FAIL:
			rc.fail(trouble::refused);
			break;
		case STOP:
			rc.reply(counted(1));
			return ump::stop(counted(77));
		case THROW:
			throw 5;
		default:
			// The requester may be gone after this; the handler still owns the message.
			if (rc.reply(counted(msg.worth() + 1)))
				CHECK(!rc);
			CHECK_INT(msg.worth(), <, KEEP);
		}
		return ump::go_on;
	}
	flow post(counted msg) override
	{
		book_.handled++;
		if (msg.worth() == STOP_SILENTLY)
			return ump::stop(std::move(msg));
		return ump::go_on;
	}
	void leftover_request(leftover &request) override
	{
		book_.left++;
		if (request.message().worth() == TAKE) {
			auto taken = request.take();

			CHECK(taken && !request.take());
			CHECK_INT(taken->msg.worth(), ==, TAKE);
			taken->rc.reply(std::move(taken->msg));
		}
	}
	void leftover_post(counted msg) override
	{
		CHECK(!msg.empty());
		book_.left++;
	}
	outcome term(outcome how) override
	{
		book_.terms++;
		book_.stopped = how.has_value();
		return how;
	}

      private:
	ledger &book_;
	int build_code_;
	int init_code_;
};

ump::server<shop> open_shop(ledger &book)
{
	auto server = ump::spawn_thread(std::make_unique<keeper>(book));

	CHECK(server);
	return std::move(*server);
}

// Drop the client and join, which must succeed.
std::optional<counted> close_shop(ump::server<shop> &server)
{
	server.client.reset();
	auto how = server.thread.join();

	CHECK(how.has_value());
	CHECK(!server.thread);
	return std::move(*how);
}

ump_time soon()
{
	return ump::after(std::chrono::seconds(60));
}

// ---- Tests -------------------------------------------------------------------------------------

void requests()
{
	{
		ledger book;
		auto server = open_shop(book);
		counted mine(5);

		CHECK_INT(server.client.request(counted(1))->worth(), ==, 2);
		CHECK_INT(book.moves, ==, 1);
		CHECK_INT(server.client.request(counted(2), soon())->worth(), ==, 3);
		CHECK_INT(book.moves, ==, 2);
		CHECK_INT(server.client.request(mine)->worth(), ==, 6);
		CHECK_INT(mine.worth(), ==, 5);
		CHECK_INT(server.client.request(std::as_const(mine), soon())->worth(), ==, 6);
		CHECK_INT(server.client.request(std::move(mine))->worth(), ==, 6);
		CHECK(mine.empty());
		CHECK(server.client.request(counted(FORGET)).error() == UMP_NO_REPLY);
		auto failed = server.client.request(counted(FAIL), soon());
		CHECK(failed.error().is_own());
		CHECK(failed.error().as<trouble>() == trouble::refused);
		auto waits = server.client.request_async(counted(7));
		CHECK(waits);
		CHECK_INT(waits->wait()->worth(), ==, 8);
		CHECK(waits->wait().error() == UMP_INVALID);
		CHECK(server.client.post(mine = counted(1)));
		CHECK(!close_shop(server));
		CHECK_INT(book.handled, ==, 9);
		CHECK(book.inits == 1 && book.terms == 1 && book.gone == 1 && !book.stopped);
	}
	CHECK_INT(live.load(), ==, 0);
}

void refused_values_stay()
{
	{
		ledger book;
		auto server = open_shop(book);
		counted mine(5);

		auto answer = server.client.request(counted(STOP));
		CHECK_INT(answer->worth(), ==, 1);
		auto how = server.thread.join();
		CHECK_INT(how.value()->worth(), ==, 77);
		CHECK(server.client.post(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		CHECK(server.client.request(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		CHECK(server.client.request(std::move(mine), soon()).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		CHECK(server.client.request_async(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		auto posts = server.client.post_client();
		CHECK(posts);
		CHECK(posts->post(std::move(mine)).error() == UMP_SERVER_GONE);
		CHECK_INT(mine.worth(), ==, 5);
		ump::client<shop> none;
		CHECK(none.post(std::move(mine)).error() == UMP_INVALID);
		CHECK(none.request(std::move(mine)).error() == UMP_INVALID);
		CHECK(none.request(std::move(mine), soon()).error() == UMP_INVALID);
		CHECK_INT(mine.worth(), ==, 5);
	}
	CHECK_INT(live.load(), ==, 0);
}

void late_values_are_taken()
{
	{
		ledger book;
		auto server = open_shop(book);
		counted late(5);
		counted kept(KEEP);

		CHECK(server.client.request(std::move(late), UMP_NOW).error() == UMP_TIMED_OUT);
		CHECK(late.empty());
		CHECK(server.client
				.request(std::move(kept), ump::after(std::chrono::milliseconds(5)))
				.error() == UMP_TIMED_OUT);
		CHECK(kept.empty());
		close_shop(server);
		if (book.kept) {
			CHECK(book.kept.origin_gone());
			CHECK(book.kept.reply(counted(1)).error() == UMP_ORIGIN_GONE);
			CHECK(!book.kept);
		}
	}
	CHECK_INT(live.load(), ==, 0);
}

void kept_contexts()
{
	{
		ledger book;
		auto server = open_shop(book);
		auto waits = server.client.request_async(counted(KEEP));
		counted answer(9);

		CHECK(waits->try_wait().error() == UMP_EMPTY);
		CHECK(waits->wait(ump::after(std::chrono::milliseconds(1))).error() ==
			UMP_TIMED_OUT);
		close_shop(server);
		ump::reply_context<shop> moved = std::move(book.kept);
		CHECK(moved.reply(std::move(answer)));
		CHECK(answer.empty());
		answer = counted(10);
		CHECK(moved.reply(std::move(answer)).error() == UMP_INVALID);
		CHECK(moved.fail(trouble::refused).error() == UMP_INVALID);
		CHECK_INT(answer.worth(), ==, 10);
		ump::wait_reply<shop> other = std::move(*waits);
		CHECK_INT(other.try_wait()->worth(), ==, 9);
		CHECK(!other.take_back());
	}
	CHECK_INT(live.load(), ==, 0);
}

// A kept context that holds the loop: [hold].
void held_contexts()
{
	{
		ledger book;
		auto server = open_shop(book);
		auto waits = server.client.request_async(counted(KEEP));

		CHECK_INT(server.client.request(counted(1))->worth(), ==, 2);
		CHECK(book.kept.hold());
		CHECK(book.kept.hold());
		CHECK(book.kept.inherit() == UMP_FOREVER && book.kept.inherit(17) == 17);
		server.client.reset();
		CHECK(server.thread.join(ump::after(std::chrono::milliseconds(5))).error() ==
			UMP_TIMED_OUT);
		CHECK(book.kept.reply(counted(9)));
		CHECK(book.kept.hold().error() == UMP_INVALID);
		CHECK(server.thread.join().has_value());
		CHECK_INT(waits->try_wait()->worth(), ==, 9);
	}
	CHECK_INT(live.load(), ==, 0);
}

// Before it runs, it posts to itself the message that stops it, and then messages that stay
// undelivered.
class leaver final : public keeper
{
      public:
	leaver(ledger &book, std::vector<ump::wait_reply<shop>> &waits)
	    : keeper(book), waits_(waits)
	{
	}
	int build(const client &me) override
	{
		CHECK(me.post(counted(STOP_SILENTLY)));
		for (int worth : {static_cast<int>(TAKE), 1, 2}) {
			auto wait = me.request_async(counted(worth));

			CHECK(wait);
			waits_.push_back(std::move(*wait));
		}
		CHECK(me.post(counted(3)));
		return 0;
	}

      private:
	std::vector<ump::wait_reply<shop>> &waits_;
};

void leftovers()
{
	{
		ledger book;
		std::vector<ump::wait_reply<shop>> waits;
		auto server = ump::spawn_thread(std::make_unique<leaver>(book, waits));

		auto how = server->thread.join();
		CHECK_INT(how.value()->worth(), ==, STOP_SILENTLY);
		CHECK_INT(book.left, ==, 4);
		CHECK_INT(waits[0].wait()->worth(), ==, TAKE);
		CHECK(!waits[0].take_back());
		// One takes its value back, and one drops it.
		CHECK(waits[1].wait().error() == UMP_SERVER_GONE);
		CHECK_INT(waits[1].take_back()->worth(), ==, 1);
		CHECK(!waits[1].take_back());
		waits[2].reset();
	}
	CHECK_INT(live.load(), ==, 0);
	{
		ledger book;
		std::vector<ump::wait_reply<shop>> waits;
		auto server = ump::spawn_thread(std::make_unique<leaver>(book, waits));

		CHECK(server->thread.join());
		CHECK(waits[1].wait().error() == UMP_SERVER_GONE);
	}
	CHECK_INT(live.load(), ==, 0);
}

void clients()
{
	ledger book;
	auto server = open_shop(book);
	auto weak = server.client.weak();
	auto weaker = weak->clone();
	auto other = weaker->upgrade();
	auto posts = server.client.post_client();
	auto more = posts->clone();

	CHECK(more->post(counted(1)));
	CHECK(other->clone()->post(counted(1)));
	server.client = std::move(*other);
	CHECK(server.client && !*other);
	posts->reset();
	server.client.reset();
	CHECK(server.thread.join(UMP_NOW).error() == UMP_TIMED_OUT);
	more = ump::error(UMP_EMPTY);
	CHECK(server.thread.join());
	CHECK(weak->upgrade().error() == UMP_CLIENTS_GONE);
	CHECK_INT(book.handled, ==, 2);
}

void outcomes_that_nobody_asks_for()
{
	{
		ledger book;
		auto server = open_shop(book);
		auto wait = server.client.request_async(counted(STOP));

		server.thread.reset();
		CHECK_INT(wait->wait()->worth(), ==, 1);
		// The thread is detached: wait until its handler is gone.
		while (!server.client.post(counted(1)).error().code())
			check_nap(1);
		server.client.reset();
		wait = ump::error(UMP_EMPTY);
		// For at most the watchdog's time limit.
		while (live != 0)
			check_nap(1);
	}
}

void failing_spawns()
{
	ledger book;

	CHECK(ump::spawn_thread(std::make_unique<keeper>(book, 4)).error().code() == 4);
	CHECK(book.gone == 1 && book.inits == 0);
	CHECK(ump::spawn_thread(std::make_unique<keeper>(book, 0, 5)).error().code() == 5);
	CHECK(book.gone == 2 && book.inits == 1 && book.terms == 0);
	CHECK(ump::spawn_thread(std::unique_ptr<keeper>()).error() == UMP_INVALID);
}

// Do everything once; false if memory or a thread was lacking.
bool all_of_it()
{
	ledger book;
	counted mine(5);
	auto server = ump::spawn_thread(std::make_unique<keeper>(book));
	if (!server)
		return false;
	bool done = true;
	auto lacks = [&](ump::error why) { may_lack(why, mine, done); };
	lacks(server->client.request(std::move(mine)).error());
	lacks(server->client.request(std::move(mine), soon()).error());
	lacks(server->client.post(std::move(mine)).error());
	auto waits = server->client.request_async(std::move(mine));
	lacks(waits.error());
	if (waits)
		lacks(waits->wait().error());
	lacks(server->client.clone().error());
	lacks(server->client.weak().error());
	lacks(server->client.post_client().error());
	close_shop(*server);
	CHECK_INT(book.gone, ==, 1);
	return done;
}

void without_memory()
{
	// Two for the server, a box for each message that is not lent, and one for each reply.
	with_each_lack<all_of_it>(8);
}

void raw_channel()
{
	{
		auto open = ump::open_channel<shop>();
		CHECK(open);
		auto &[receiver, client] = *open;

		CHECK(receiver.was_empty());
		CHECK(receiver.try_pop().error() == UMP_EMPTY);
		CHECK(client.post(counted(1)));
		CHECK(client.post(counted(2)));
		auto waits = client.request_async(counted(3));
		auto given_up = client.request_async(counted(4));
		auto got = receiver.wait();
		CHECK(got->post && !got->request && !got->rc);
		CHECK_INT(got->post->worth(), ==, 1);
		CHECK_INT(receiver.try_pop()->post->worth(), ==, 2);
		got = receiver.wait();
		CHECK(!got->post && got->request && got->rc);
		CHECK(got->rc.reply(std::move(*got->request)));
		CHECK_INT(waits->wait()->worth(), ==, 3);
		given_up->reset();
		CHECK(receiver.try_pop().error() == UMP_EMPTY);
		CHECK_INT(receiver.skipped(), ==, 1);
		waits = client.request_async(counted(5));
		CHECK(client.post(counted(6)));
		receiver.reset();
		CHECK(waits->wait().error() == UMP_SERVER_GONE);
		CHECK_INT(waits->take_back()->worth(), ==, 5);
	}
	CHECK_INT(live.load(), ==, 0);
}

// An unstarted request's value is kept for its sender as long as that exists, and no longer.
void unstarted_values_go_in_time()
{
	auto open = ump::open_channel<shop>();
	auto &[receiver, client] = *open;
	auto waits = client.request_async(counted(1));
	auto given_up = client.request_async(counted(2));
	auto released = client.request_async(counted(3));
	auto early = client.request_async(counted(4));
	auto taken = client.request_async(counted(5));
	CHECK_INT(live.load(), ==, 5);
	// Given up before the end: its value is destroyed with the request.
	early->reset();
	CHECK_INT(live.load(), ==, 5);
	receiver.reset();
	CHECK_INT(live.load(), ==, 4);
	// Given up after the end: with the sender.
	given_up->reset();
	CHECK_INT(live.load(), ==, 3);
	ump_wait_reply *handle = released->release();
	ump_wait_reply_drop(&handle);
	CHECK_INT(live.load(), ==, 2);
	CHECK(taken->wait().error() == UMP_SERVER_GONE);
	CHECK_INT(taken->take_back()->worth(), ==, 5);
	CHECK_INT(live.load(), ==, 1);
	waits = ump::wait_reply<shop>();
	CHECK_INT(live.load(), ==, 0);
}

void callables()
{
	struct lengths : ump::protocol<std::string, std::size_t, std::unique_ptr<int>> {
	};
	using context = ump::reply_context<lengths>;
	int sum = 0;
	auto server = ump::spawn_thread(ump::make_handler<lengths>(
		[](std::string text, context rc) -> ump::flow<ump::none> {
			rc.reply(text.size());
			return ump::go_on;
		},
		[&](std::unique_ptr<int> number) -> ump::flow<ump::none> {
			sum += *number;
			if (*number == 3)
				return ump::stop();
			return ump::go_on;
		}));
	const std::string text(100, 'x');

	CHECK_INT(*server->client.request(text), ==, 100);
	CHECK_INT(server->client.request("seven..").value_or(0u), ==, 7);
	CHECK(server->client.post(std::make_unique<int>(4)));
	CHECK(server->client.post(std::make_unique<int>(3)));
	auto how = server->thread.join();
	CHECK(how && how->has_value());
	CHECK_INT(sum, ==, 7);
	try {
		static_cast<void>(server->client.request(text).value());
		check_failed(__FILE__, __LINE__, "value() threw nothing");
	} catch (const ump::bad_result &bad) {
		CHECK(bad.why() == UMP_SERVER_GONE);
		CHECK(std::strcmp(bad.what(), ump_strerror(UMP_SERVER_GONE)) == 0);
	}
}

struct alignas(64) wide {
	char bytes[64];
};

struct alignas(8192) wider {
	char bytes[64];
};

struct plain {
	int number;
	char text[60];
};

// Replies without a value, a type that is aligned more strictly than max_align_t, and one that is
// not.
void types()
{
	struct mixed : ump::protocol<wide, ump::none, plain> {
	};
	std::atomic<int> aligned{0};
	std::atomic<int> numbers{0};
	auto server = ump::spawn_thread(ump::make_handler<mixed>(
		[&](const wide &msg, ump::reply_context<mixed> rc) -> ump::flow<ump::none> {
			aligned += reinterpret_cast<std::uintptr_t>(&msg) % 64 == 0;
			CHECK(msg.bytes[5] == 'w');
			rc.reply();
			return ump::go_on;
		},
		[&](const plain &msg) -> ump::flow<ump::none> {
			numbers += msg.number;
			return ump::go_on;
		}));
	wide value = {};

	static_assert(ump::detail::is_plain<wide> && ump::detail::is_plain<plain>);
	// Values aligned more strictly than the library supports travel as a pointer.
	static_assert(!ump::detail::is_plain<wider>);
	value.bytes[5] = 'w';
	CHECK(server->client.request(value));
	CHECK(server->client.request(value, soon()));
	CHECK(server->client.request_async(value)->wait());
	for (int i = 1; i <= 10; i++)
		CHECK(server->client.post(plain{i, "plain"}));
	server->client.reset();
	CHECK(server->thread.join());
	CHECK_INT(aligned.load(), ==, 3);
	CHECK_INT(numbers.load(), ==, 55);
}

// Send in one way until the server is gone; a value that was refused must still be there.
void send_until_gone(const ump::client<shop> &client, int way)
{
	ump::error why = UMP_OK;

	for (int i = 0; why != UMP_SERVER_GONE; i++) {
		counted value(i % 100);

		if (way == 0) {
			why = client.post(std::move(value)).error();
		} else if (way == 1) {
			why = client.request(std::move(value)).error();
		} else if (way == 2) {
			// Some of these deadlines have passed, and some have not.
			auto deadline = ump::after(std::chrono::microseconds(i % 50));
			why = client.request(std::move(value), deadline).error();
			if (why == UMP_TIMED_OUT)
				CHECK(value.empty());
		} else {
			auto waits = client.request_async(std::move(value));
			why = waits.error();
			if (waits && i % 2 == 0)
				why = waits->wait().error();
		}
		if (why == UMP_SERVER_GONE && way < 3)
			CHECK_INT(value.worth(), ==, i % 100);
	}
}

// Threads that send in each way while the server breaks.
void all_ways_at_once()
{
	for (int round = 0; round < 20; round++) {
		ledger book;
		auto server = open_shop(book);
		std::vector<std::thread> threads;

		for (int way = 0; way < 4; way++)
			threads.emplace_back([way, client = *server.client.clone()] {
				send_until_gone(client, way);
			});
		check_nap(round % 4);
		CHECK(server.client.post(counted(STOP_SILENTLY)));
		for (auto &thread : threads)
			thread.join();
		auto how = close_shop(server);
		CHECK_INT(how->worth(), ==, STOP_SILENTLY);
		check_progress();
	}
	CHECK_INT(live.load(), ==, 0);
}

void throwing_callback()
{
	ledger book;
	auto server = open_shop(book);

	static_cast<void>(server.client.request(counted(THROW)));
	// The exception may have destroyed the context on its way; the process must end all the
	// same.
	for (;;)
		check_nap(1000);
}

struct numbers : ump::protocol<ump::none, ump::none, int> {
};

class thrower : public ump::handler<numbers>
{
	flow post(int) override
	{
		throw std::runtime_error("nobody counts this");
	}
};

void throwing_post()
{
	auto server = ump::spawn_combining(std::make_unique<thrower>());

	static_cast<void>(server->client.post(1));
}

void exceptions_end_the_program()
{
	CHECK(check_dies(throwing_callback, "terminate called after throwing"));
	CHECK(check_dies(
		throwing_callback, "ump: an exception has left request() of the handler "));
	CHECK(check_dies(throwing_post, "nobody counts this"));
}

// An exception from a copy must leave the call, which then has sent nothing.
void throwing_copies()
{
	struct fragile {
		std::string text;
		bool breaks = false;

		fragile() = default;
		fragile(const fragile &other) : text(other.text)
		{
			if (other.breaks)
				throw 7;
		}
		fragile(fragile &&) noexcept = default;
		fragile &operator=(fragile &&) noexcept = default;
	};
	struct breakable : ump::protocol<ump::none, ump::none, fragile> {
	};
	int posts = 0;
	auto server = ump::spawn_thread(
		ump::make_handler<breakable>([&](fragile) -> ump::flow<ump::none> {
			posts++;
			return ump::go_on;
		}));
	fragile value;
	bool thrown = false;

	value.breaks = true;
	try {
		static_cast<void>(server->client.post(std::as_const(value)));
	} catch (int) {
		thrown = true;
	}
	CHECK(thrown);
	CHECK(server->client.post(std::move(value)));
	server->client.reset();
	CHECK(server->thread.join());
	CHECK_INT(posts, ==, 1);
}

void deadlines()
{
	using days = std::chrono::duration<long long, std::ratio<86400>>;

	static_assert(ump::never == UMP_FOREVER && ump::at_once == UMP_NOW);
	CHECK_INT(ump::after(days(1000000)), ==, UMP_FOREVER);
	CHECK_INT(ump::after(std::chrono::seconds(-5)), ==, UMP_NOW);
	ump_time before = ump_now();
	ump_time then = ump::after(std::chrono::milliseconds(1500));
	CHECK_INT(then - before, >=, 1500000000);
	CHECK_INT(then - ump_now(), <=, 1500000000);
	CHECK_INT(ump::after(std::chrono::hours::max()), ==, UMP_FOREVER);
	CHECK_INT(ump::after(std::chrono::duration<double>(1e300)), ==, UMP_FOREVER);
}

const check_test tests[] = {
	{"c++ [once]: requests, in each way to send them", requests},
	{"c++ [gone] [misuse]: a value that was not sent is still its sender's",
		refused_values_stay},
	{"c++ [deadline] [once]: a value that came late is destroyed once", late_values_are_taken},
	{"c++ [keep]: a kept context outlives its server", kept_contexts},
	{"c++ [hold]: a kept context holds the loop", held_contexts},
	{"c++ [break] [gone]: leftovers are taken, or given back", leftovers},
	{"c++ [weak] [drain]: clients of each kind", clients},
	{"c++ [clean]: an outcome that is not retrieved", outcomes_that_nobody_asks_for},
	{"c++ [init]: the handler is destroyed once, however spawning fails", failing_spawns},
	{"c++ [clean]: each lack of memory, on either side of the header", without_memory},
	{"c++: a raw receiving end", raw_channel},
	{"c++ [gone] [once]: an unstarted request's value lives as long as it may be wanted",
		leaving_nothing<unstarted_values_go_in_time>},
	{"c++: handlers of callables, and results that throw", callables},
	{"c++: types that travel as bytes, and that may not", types},
	{"c++ [once] [break]: threads send in each way while the server breaks", all_ways_at_once},
	{"c++ [user]: an exception that leaves a callback ends the program",
		exceptions_end_the_program},
	{"c++: an exception of a copy comes out of the call", throwing_copies},
	{"c++ [deadline]: deadlines from durations", deadlines},
};

} // namespace

CHECK_MAIN(tests)
