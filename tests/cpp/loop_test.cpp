// SPDX-License-Identifier: 0BSD
// The C++ face inside event loops: tasks, suspension, completions, capacity; and introspection.
#include "counted.hpp"

#include <cstdio>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace
{

// ---- A server that follows orders --------------------------------------------------------------

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
	SUSPEND,
	SUSPEND_AND_STOP,
	SUSPEND_FOR,
	PRETEND
};

// Written by the keeper.
struct ledger {
	int handled = 0;
	int gone = 0;
	int terms = 0;
	int ended_with = -1;
	std::vector<ump::reply_context<shop>> kept;
	ump::suspension<shop> suspended;
	bool second = false;
	// The server that the keeper suspends for, and the result.
	const ump::client<shop> *named = nullptr;
	int named_result = 0;
	// If set, called by each request.
	void (*also)(ledger &book) = nullptr;
	ump::task<shop> *task = nullptr;
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
	flow request(counted msg, reply_context rc) override
	{
		book_.handled++;
		if (book_.also != nullptr)
			book_.also(book_);
		switch (msg.worth()) {
		case KEEP:
			book_.kept.push_back(std::move(rc));
			break;
		case FORGET:
			break;
		case FAIL:
			rc.fail(trouble::refused);
			break;
		case STOP:
			rc.reply(counted(1));
			return ump::stop(counted(77));
		default:
			rc.reply(counted(msg.worth() + 1));
		}
		return ump::go_on;
	}
	flow post(counted msg) override
	{
		book_.handled++;
		if (msg.worth() == STOP)
			return ump::stop(std::move(msg));
		if (msg.worth() == PRETEND)
			return ump::pending;
		if (msg.worth() == SUSPEND_FOR)
			return suspend_for_named();
		if (msg.worth() != SUSPEND && msg.worth() != SUSPEND_AND_STOP)
			return ump::go_on;
		book_.suspended = suspend();
		book_.second = static_cast<bool>(suspend());
		if (msg.worth() == SUSPEND_AND_STOP)
			return ump::stop(std::move(msg));
		return ump::pending;
	}
	outcome term(outcome how) override
	{
		book_.terms++;
		book_.ended_with = how ? how->worth() : 0;
		return how;
	}

      private:
	flow suspend_for_named()
	{
		auto made = suspend_for(*book_.named);

		book_.named_result = made ? UMP_OK : made.error().code();
		if (made)
			book_.suspended = std::move(*made);
		return ump::pending;
	}

	ledger &book_;
};

ump::task_server<shop> open_task(ledger &book, const ump_config &config = ump_config())
{
	auto made = ump::spawn_task(std::make_unique<keeper>(book), config);

	CHECK(made);
	return std::move(*made);
}

ump_config bounded(std::size_t capacity)
{
	ump_config config = ump_config();

	config.capacity = capacity;
	return config;
}

ump::completions open_completions()
{
	auto made = ump::open_completions();

	CHECK(made);
	return std::move(*made);
}

bool readable(int fd)
{
	pollfd ready = {fd, POLLIN, 0};

	return poll(&ready, 1, 0) == 1;
}

// ---- Tasks -------------------------------------------------------------------------------------

void task_runs()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto waits = client.request_async(counted(1));

	CHECK(readable(task.fd()));
	CHECK(client.post(counted(2)));
	CHECK(client.post(counted(PRETEND)));
	CHECK(task.dispatch(1));
	CHECK_INT(book.handled, ==, 1);
	CHECK_INT(waits->try_wait()->worth(), ==, 2);
	CHECK(task.dispatch());
	CHECK_INT(book.handled, ==, 3);
	CHECK(!readable(task.fd()));
	CHECK(task.join().error() == UMP_EMPTY);
	CHECK(task.run(ump::at_once).error() == UMP_TIMED_OUT);
	ump::task<shop> moved = std::move(task);
	CHECK(moved && !task && task.fd() == -1);
	client.reset();
	CHECK(!moved.dispatch());
	auto how = moved.join();
	CHECK(how && !*how && !moved);
	CHECK(book.terms == 1 && book.gone == 1 && book.ended_with == 0);
	CHECK(moved.join().error() == UMP_INVALID);
	CHECK(moved.run().error() == UMP_INVALID);
}

void task_breaks()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto waits = client.request_async(counted(STOP));
	auto never = client.request_async(counted(5));

	CHECK(task.run());
	CHECK_INT(task.join().value()->worth(), ==, 77);
	CHECK_INT(book.ended_with, ==, 77);
	CHECK_INT(waits->wait()->worth(), ==, 1);
	CHECK(never->wait().error() == UMP_SERVER_GONE);
	CHECK_INT(never->take_back()->worth(), ==, 5);
}

void task_is_dropped()
{
	ledger book;
	auto server = open_task(book);
	auto never = server.client.request_async(counted(5));

	server.task.reset();
	CHECK(book.terms == 1 && book.gone == 1 && book.ended_with == 0);
	CHECK(never->wait().error() == UMP_SERVER_GONE);
	CHECK_INT(never->take_back()->worth(), ==, 5);
	// Assignment drops the old server.
	ledger other;
	server = open_task(other);
	CHECK(server.client.post(counted(1)));
	server = ump::task_server<shop>();
	CHECK(other.gone == 1 && other.handled == 0);
}

void task_drops_itself()
{
	ledger book;
	auto server = open_task(book);
	auto first = server.client.request_async(counted(1));
	auto second = server.client.request_async(counted(2));

	book.task = &server.task;
	book.also = [](ledger &here) {
		CHECK(here.task->join().error() == UMP_DEADLOCK);
		CHECK(*here.task);
		here.task->reset();
		CHECK_INT(here.gone, ==, 0);
	};
	CHECK(!server.task.dispatch());
	CHECK(book.gone == 1 && book.handled == 1);
	CHECK_INT(first->wait()->worth(), ==, 2);
	CHECK(second->wait().error() == UMP_SERVER_GONE);
}

void failing_task()
{
	class refuses final : public keeper
	{
	      public:
		using keeper::keeper;
		int init(const weak_client &) override
		{
			return 6;
		}
	};
	ledger book;

	CHECK(ump::spawn_task(std::make_unique<refuses>(book)).error().code() == 6);
	CHECK(book.gone == 1 && book.terms == 0);
	CHECK(ump::spawn_task(std::unique_ptr<keeper>()).error() == UMP_INVALID);
}

// ---- Suspension --------------------------------------------------------------------------------

void resumed()
{
	ledger book;
	auto [client, task] = open_task(book);

	CHECK(client.post(counted(SUSPEND)));
	CHECK(client.post(counted(1)));
	CHECK(task.dispatch());
	CHECK(book.suspended && !book.second);
	CHECK(task.dispatch() && book.handled == 1);
	ump::suspension<shop> moved = std::move(book.suspended);
	CHECK(book.suspended.resume(ump::go_on).error() == UMP_INVALID);
	CHECK(book.suspended.resume(ump::stop(counted(1))).error() == UMP_INVALID);
	CHECK(moved.resume(ump::go_on));
	CHECK(!moved && readable(task.fd()));
	CHECK(task.dispatch() && book.handled == 2);
	// Its handle is dropped: it is resumed all the same.
	CHECK(client.post(counted(SUSPEND)));
	CHECK(task.dispatch());
	book.suspended.reset();
	CHECK(client.post(counted(SUSPEND)));
	CHECK(task.run(ump::after(std::chrono::milliseconds(1))).error() == UMP_TIMED_OUT);
	CHECK_INT(book.handled, ==, 4);
	CHECK(book.suspended.resume(ump::stop(counted(9))));
	CHECK(task.run());
	CHECK_INT(task.join().value()->worth(), ==, 9);
}

// The return value of a callback that has suspended must not count.
void suspended_and_stopped()
{
	ledger book;
	auto [client, task] = open_task(book);

	CHECK(client.post(counted(SUSPEND_AND_STOP)));
	CHECK(task.dispatch());
	CHECK(book.suspended.resume(ump::go_on));
	CHECK(client.post(counted(1)));
	client.reset();
	CHECK(task.run());
	CHECK(book.handled == 2 && book.ended_with == 0);
	CHECK(!task.join().value());
}

void dropped_while_suspended()
{
	{
		ledger book;
		auto [client, task] = open_task(book);

		CHECK(client.post(counted(SUSPEND)));
		CHECK(task.dispatch());
		task.reset();
		CHECK(book.terms == 1 && book.ended_with == 0);
		CHECK(book.suspended.resume(ump::stop(counted(9))).error() == UMP_SERVER_GONE);
		CHECK(!book.suspended);
	}
	{
		ledger book;
		auto [client, task] = open_task(book);

		CHECK(client.post(counted(SUSPEND_AND_STOP)));
		CHECK(task.dispatch());
		task.reset();
		CHECK_INT(book.ended_with, ==, 0);
	}
	{
		ledger book;
		auto [client, task] = open_task(book);

		CHECK(client.post(counted(SUSPEND)));
		CHECK(task.dispatch());
		CHECK(book.suspended.resume(ump::stop(counted(9))));
		task.reset();
		CHECK_INT(book.ended_with, ==, 9);
	}
}

// ---- Stops from outside -------------------------------------------------------------------------

// The outcome of a stop, of which all but the first return to their callers.
void stopped_by_its_clients()
{
	ledger book;
	auto [client, task] = open_task(book, bounded(1));
	auto weak = client.weak();
	auto poster = client.post_client();
	counted lost(8);

	CHECK(client.post(counted(1)));
	CHECK(client.post(counted(2)).error() == UMP_FULL);
	CHECK(poster->stop(counted(9)));
	CHECK(client.stop(std::move(lost)).error() == UMP_SERVER_GONE);
	CHECK_INT(lost.worth(), ==, 8);
	CHECK(weak->stop(std::move(lost)).error() == UMP_SERVER_GONE);
	CHECK(client.stop(lost).error() == UMP_SERVER_GONE);
	CHECK_INT(lost.worth(), ==, 8);
	CHECK(task.run());
	CHECK(book.handled == 0 && book.ended_with == 9 && book.terms == 1);
	CHECK_INT(task.join().value()->worth(), ==, 9);
	client.reset();
	poster->reset();
	CHECK(weak->stop(std::move(lost)).error() == UMP_CLIENTS_GONE);
	CHECK_INT(lost.worth(), ==, 8);
}

// A suspended handler breaks by itself: the outcome of the stop is destroyed.
void stopped_and_broken()
{
	ledger book;
	auto [client, task] = open_task(book);

	CHECK(client.post(counted(SUSPEND)));
	CHECK(task.dispatch());
	CHECK(client.stop(counted(7)));
	CHECK(book.suspended.resume(ump::stop(counted(9))));
	CHECK(task.run());
	CHECK_INT(task.join().value()->worth(), ==, 9);
}

// A task that is dropped ends by its stop.
void stopped_and_dropped()
{
	ledger book;
	auto [client, task] = open_task(book);

	CHECK(client.stop(counted(7)));
	task.reset();
	CHECK_INT(book.ended_with, ==, 7);
}

// Naming the task itself fails; then another server, for which the handler waits until it is
// resumed.
void names_a_server()
{
	ledger book;
	ledger other_book;
	auto [client, task] = open_task(book);
	auto [other, other_task] = open_task(other_book);

	book.named = &client;
	CHECK(client.post(counted(SUSPEND_FOR)));
	CHECK(task.dispatch());
	CHECK_INT(book.named_result, ==, UMP_DEADLOCK);
	CHECK(!book.suspended);
	book.named = &other;
	CHECK(client.post(counted(SUSPEND_FOR)));
	CHECK(client.post(counted(SUSPEND)));
	CHECK(task.dispatch());
	CHECK_INT(book.named_result, ==, UMP_OK);
	CHECK(book.suspended);
	CHECK_INT(book.handled, ==, 2);
	// The other server would wait for the task.
	other_book.named = &client;
	CHECK(other.post(counted(SUSPEND_FOR)));
	CHECK(other_task.dispatch());
	CHECK_INT(other_book.named_result, ==, UMP_DEADLOCK);
	CHECK(book.suspended.resume(ump::go_on));
	CHECK(task.dispatch());
	CHECK_INT(book.handled, ==, 3);
	CHECK(book.suspended.resume(ump::go_on));
}

void thread_does_not_suspend()
{
	ledger book;
	auto server = ump::spawn_thread(std::make_unique<keeper>(book));

	CHECK(server->client.post(counted(SUSPEND)));
	server->client.reset();
	CHECK(!server->thread.join().value());
	CHECK(!book.suspended && !book.second);
}

// Threads resume with a value while the task's own thread runs it, or drops it.
void resumed_by_threads()
{
	for (int round = 0; round < 100; round++) {
		ledger book;
		auto [client, task] = open_task(book);

		CHECK(client.post(counted(SUSPEND)));
		CHECK(task.dispatch());
		bool accepted = false;
		std::thread other([&] {
			auto said = book.suspended.resume(ump::stop(counted(9)));

			accepted = said.has_value();
			CHECK(accepted || said.error() == UMP_SERVER_GONE);
		});
		if (round % 2 == 0)
			CHECK(task.run());
		else
			task.reset();
		other.join();
		CHECK_INT(book.ended_with, ==, accepted ? 9 : 0);
		check_progress();
	}
}

// ---- Timers ------------------------------------------------------------------------------------

struct clock_shop : ump::protocol<ump::none, ump::none, int, int> {
};

// Counts the planned times of a periodic timer up to the number in the post, and stops.
class ticker : public ump::handler<clock_shop>
{
	flow post(int times) override
	{
		using namespace std::chrono_literals;

		left_ = times;
		auto once = start_timer(1, ump::never);
		auto ticks = start_timer(2, ump::at_once, 1ms);

		CHECK(once && ticks && *once != *ticks);
		CHECK(cancel_timer(*once) && cancel_timer(*once).error() == UMP_EMPTY);
		return ump::go_on;
	}
	flow due(std::uintptr_t tag, std::uint64_t count) override
	{
		CHECK_INT(tag, ==, 2);
		left_ -= static_cast<int>(count);
		if (left_ > 0)
			return ump::go_on;
		return ump::stop(left_);
	}

	int left_ = 0;
};

// Does not define due().
class forgetter : public ump::handler<clock_shop>
{
	flow post(int) override
	{
		CHECK(start_timer(1, ump::at_once));
		return ump::go_on;
	}
};

// ---- A handler's own requests -------------------------------------------------------------------

struct words : ump::protocol<std::string, std::string, int, int> {
};

class echo : public ump::handler<words>
{
	flow request(std::string msg, reply_context rc) override
	{
		if (msg.empty())
			static_cast<void>(rc.fail(7));
		else if (msg != "keep")
			static_cast<void>(rc.reply(msg + "!"));
		else
			kept_ = std::move(rc);
		return ump::go_on;
	}
	flow post(int value) override
	{
		return ump::stop(value);
	}

	reply_context kept_;
};

// Asks for each kind of answer, and notes them.
class asker : public ump::handler<clock_shop>
{
      public:
	asker(const ump::client<words> &other, std::string &log) : other_(other), log_(log)
	{
	}

      private:
	flow post(int) override
	{
		auto note = [this](ump::result<std::string> answer) {
			log_ += answer ? *answer : std::to_string(answer.error().code());
			log_ += ' ';
		};
		const std::string word = "hello";
		auto weak = other_.weak();
		auto poster = other_.post_client();

		CHECK(ask(other_, word, ump::never, note));
		CHECK(ask(other_, "", ump::never, note));
		auto kept = ask(other_, "keep", ump::never, note);
		CHECK(kept && cancel_ask(*kept) && cancel_ask(*kept).error() == UMP_EMPTY);
		CHECK(ask(other_, "late", ump::at_once, note).error() == UMP_TIMED_OUT);
		CHECK(ask(ump::client<words>(), "none", ump::never, note).error() == UMP_INVALID);
		CHECK(watch(other_, [this] { log_ += "end "; }));
		CHECK(watch(*weak, [this] { log_ += "end "; }));
		CHECK(watch(*poster, [this] { log_ += "end "; }));
		CHECK(watch(ump::client<words>(), [] {}).error() == UMP_INVALID);
		return ump::go_on;
	}

	const ump::client<words> &other_;
	std::string &log_;
};

void asks()
{
	std::string log;
	auto backend = ump::spawn_task(std::make_unique<echo>()).value();
	auto [client, task] = ump::spawn_task(std::make_unique<asker>(backend.client, log)).value();

	CHECK(client.post(1));
	CHECK(task.dispatch());
	CHECK(backend.task.dispatch());
	CHECK(task.dispatch());
	CHECK(log == "hello! 7 ");
	CHECK(backend.client.post(5));
	CHECK(!backend.task.dispatch());
	CHECK(task.dispatch());
	CHECK(log == "hello! 7 end end end ");
	client.reset();
	while (task.dispatch()) {
	}
	CHECK(!task.join().value());
	CHECK(backend.task.join().value());
}

// Ends with the size of an answer, or when the other server has ended; later calls change nothing.
class measurer : public ump::handler<clock_shop>
{
      public:
	explicit measurer(const ump::client<words> &other) : other_(other)
	{
	}

      private:
	flow post(int value) override
	{
		auto size = [](ump::result<std::string> answer) -> flow {
			return ump::stop(answer ? static_cast<int>(answer->size()) : -1);
		};
		const std::string word = "four";

		if (value == 0) {
			CHECK(watch(other_, [] { return ump::stop(7); }));
			return ump::go_on;
		}
		CHECK(ask(other_, word, ump::never, [](auto) { return ump::go_on; }));
		CHECK(ask(other_, word, ump::never, size));
		CHECK(ask(other_, "keep", ump::never, size));
		return ump::go_on;
	}

	const ump::client<words> &other_;
};

void answers_break()
{
	auto backend = ump::spawn_task(std::make_unique<echo>()).value();
	auto [client, task] = ump::spawn_task(std::make_unique<measurer>(backend.client)).value();

	CHECK(client.post(1));
	CHECK(task.dispatch() && backend.task.dispatch());
	CHECK(!task.dispatch());
	CHECK_INT(task.join().value().value(), ==, 5);

	auto watcher = ump::spawn_task(std::make_unique<measurer>(backend.client)).value();

	CHECK(watcher.client.post(0));
	CHECK(watcher.task.dispatch());
	CHECK(backend.client.post(5));
	CHECK(!backend.task.dispatch());
	CHECK(!watcher.task.dispatch());
	CHECK_INT(watcher.task.join().value().value(), ==, 7);
}

void timers()
{
	auto [client, task] = ump::spawn_task(std::make_unique<ticker>()).value();

	CHECK(task.due() == ump::never);
	CHECK(client.post(3));
	CHECK(task.dispatch());
	CHECK(task.due() != ump::never);
	CHECK(task.run());
	CHECK(task.join().value().value() <= 0);

	auto threaded = ump::spawn_thread(std::make_unique<ticker>()).value();

	CHECK(threaded.client.post(3));
	CHECK(threaded.thread.join().value().value() <= 0);

	auto forgets = ump::spawn_thread(std::make_unique<forgetter>()).value();

	CHECK(forgets.client.post(1) && forgets.client.post(1));
	forgets.client.reset();
	CHECK(!forgets.thread.join().value());

	auto alone = ump::spawn_combining(
		ump::make_handler<clock_shop>([](int) { return ump::flow<int>(ump::go_on); }));

	CHECK(alone->client.post(1));
}

// ---- Delayed posts -----------------------------------------------------------------------------

void delayed_posts()
{
	using namespace std::chrono_literals;
	ledger book;

	{
		auto [client, task] = ump::spawn_task(std::make_unique<keeper>(book)).value();
		auto later = client.post_at(counted(1), ump::at_once).value();
		auto never = client.post_at(counted(2), ump::never).value();
		auto poster = client.post_client().value();
		auto kept = poster.post_at(counted(3), ump::never).value();

		CHECK(task.dispatch());
		CHECK_INT(book.handled, ==, 1);
		CHECK(later.cancel().error() == UMP_EMPTY);
		CHECK(never.pause() && never.resume() && never.cancel());
		CHECK(never.set_period(1ms).error() == UMP_INVALID);
	}
	CHECK_INT(book.handled, ==, 1);

	auto [client, task] =
		ump::spawn_task(ump::make_handler<clock_shop>([left = 3](int) mutable {
			return --left > 0 ? ump::flow<int>(ump::go_on) : ump::stop(left);
		})).value();
	auto ticks = client.post_every(1, ump::at_once, 1ms).value();

	CHECK(ticks.set_period(2ms));
	CHECK(client.post_every(1, ump::at_once, 0ms).error() == UMP_INVALID);
	CHECK(task.run());
	CHECK_INT(task.join().value().value(), ==, 0);

	{
		auto [receiver, sender] = ump::open_channel<clock_shop>().value();

		CHECK(receiver.due() == ump::never);
		CHECK(sender.post_every(7, ump::at_once, 1h));
		CHECK(receiver.due() == ump::at_once);
		CHECK_INT(*receiver.wait()->post, ==, 7);
		CHECK(receiver.try_pop().error() == UMP_EMPTY);
		CHECK(receiver.due() < ump::never && receiver.due() > ump_now());
	}
}

// ---- Completions -------------------------------------------------------------------------------

void answers()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();
	std::vector<int> codes, worths;
	auto note = [&](ump::result<counted> answer) {
		codes.push_back(answer.error().code());
		worths.push_back(answer ? answer->worth() : 0);
	};

	CHECK(all && all.get() != nullptr && !readable(all.fd()));
	CHECK(all.next().error() == UMP_EMPTY && all.wait().error() == UMP_NONE_PENDING);
	const counted mine(10);
	CHECK(client.request_completion(mine, all, note));
	CHECK_INT(mine.worth(), ==, 10);
	for (int worth : {static_cast<int>(FAIL), static_cast<int>(FORGET), 20})
		CHECK(client.request_completion(counted(worth), all, note));
	CHECK_INT(all.in_flight(), ==, 4);
	CHECK(all.wait(ump::at_once).error() == UMP_TIMED_OUT);
	CHECK(task.dispatch());
	CHECK(readable(all.fd()));
	while (all.next()) {
	}
	CHECK(!readable(all.fd()));
	CHECK((codes == std::vector<int>{0, 3, UMP_NO_REPLY, 0}));
	CHECK((worths == std::vector<int>{11, 0, 0, 21}));
	CHECK_INT(all.in_flight(), ==, 0);
	ump::completions none;
	CHECK(!none && none.fd() == -1 && none.in_flight() == 0);
	counted refused(7);
	CHECK(client.request_completion(std::move(refused), none, note).error() == UMP_INVALID);
	CHECK_INT(refused.worth(), ==, 7);
	CHECK(none.next().error() == UMP_INVALID && none.wait().error() == UMP_INVALID);
}

// A request that was never started is given back, and destroyed if it is not taken.
void given_back()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();
	int back = 0, calls = 0;
	auto take = [&](ump::result<counted> answer, std::optional<counted> mine) {
		calls++;
		CHECK(answer.has_value() == !mine.has_value());
		CHECK(answer || answer.error() == UMP_SERVER_GONE);
		if (mine)
			back = mine->worth();
	};
	auto leave = [&](const ump::result<counted> &answer) {
		calls++;
		CHECK(answer.error() == UMP_SERVER_GONE);
	};

	CHECK(client.request_completion(counted(1), all, take));
	CHECK(task.dispatch());
	CHECK(all.next() && back == 0);
	CHECK(client.request_completion(counted(5), all, take));
	CHECK(client.request_completion(counted(6), all, leave));
	task.reset();
	CHECK(all.wait() && back == 5);
	CHECK(all.wait() && all.next().error() == UMP_EMPTY);
	CHECK_INT(calls, ==, 3);
	counted mine(7);
	CHECK(client.request_completion(std::move(mine), all, leave).error() == UMP_SERVER_GONE);
	CHECK_INT(mine.worth(), ==, 7);
}

// Counts the live callables.
class witness
{
      public:
	witness()
	{
		there++;
	}
	witness(const witness &)
	{
		there++;
	}
	witness(witness &&) noexcept
	{
		there++;
	}
	~witness()
	{
		there--;
	}
	template <class... Answer> void operator()(Answer &&...)
	{
		check_failed(__FILE__, __LINE__, "called after it was given up");
	}

	static int there;
};
int witness::there = 0;

// Dropped with requests queued, started, answered and refused: all values and callables must be
// destroyed.
void given_up()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();

	for (int worth : {static_cast<int>(KEEP), 1, 2})
		CHECK(client.request_completion(counted(worth), all, witness()));
	CHECK(task.dispatch());
	CHECK(client.request_completion(counted(3), all, witness()));
	CHECK_INT(witness::there, ==, 4);
	all.reset();
	CHECK(!all && witness::there == 0);
	CHECK(book.kept[0].origin_gone());
	CHECK(book.kept[0].reply(counted(1)).error() == UMP_ORIGIN_GONE);
	CHECK(task.dispatch());
	CHECK_INT(book.handled, ==, 3);
	// Never started, and reported as such, but not retrieved.
	all = open_completions();
	CHECK(client.request_completion(counted(4), all, witness()));
	task.reset();
	all = open_completions();
}

void moved_in_flight()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();
	int calls = 0;

	for (int i = 0; i < 3; i++)
		CHECK(client.request_completion(counted(i), all,
			[&, own = std::make_unique<int>(i)](ump::result<counted> answer) {
				CHECK_INT(answer->worth(), ==, *own + 1);
				calls++;
			}));
	CHECK(task.dispatch());
	CHECK(all.next());
	ump::completions moved = std::move(all);
	CHECK(!all && all.in_flight() == 0);
	all.reset();
	CHECK(moved.next());
	all = std::move(moved);
	CHECK(all.next() && all.next().error() == UMP_EMPTY);
	CHECK_INT(calls, ==, 3);
}

// A callable may send again, throw, and destroy the completions that call it.
void from_callables()
{
	ledger book;
	auto server = open_task(book);
	auto &client = server.client;
	auto &task = server.task;
	auto all = std::make_unique<ump::completions>(open_completions());
	int last = 0;
	bool thrown = false;

	CHECK(client.request_completion(counted(1), *all, [&](ump::result<counted> answer) {
		CHECK(client.request_completion(std::move(*answer), *all,
			[&](ump::result<counted> next) { last = next->worth(); }));
		throw 8;
	}));
	CHECK(task.dispatch());
	try {
		static_cast<void>(all->next());
	} catch (int) {
		thrown = true;
	}
	CHECK(thrown && all->in_flight() == 1);
	CHECK(task.dispatch());
	CHECK(all->next() && last == 3);
	CHECK(client.request_completion(
		counted(1), *all, [&](ump::result<counted>) { all.reset(); }));
	CHECK(client.request_completion(counted(2), *all, witness()));
	CHECK(task.dispatch());
	CHECK(all->next());
	CHECK(all == nullptr);
}

struct point {
	int x, y;
};

// Requests that travel as bytes, replies without a value, several protocols at once.
void of_several_servers()
{
	struct plain : ump::protocol<point, point> {
	};
	struct silent : ump::protocol<std::string> {
	};
	auto first = ump::spawn_task(ump::make_handler<plain>(
		[](point msg, ump::reply_context<plain> rc) -> ump::flow<ump::none> {
			point *buffer = rc.buffer();

			buffer->x = msg.y;
			buffer->y = msg.x;
			CHECK(rc.reply(*buffer));
			CHECK(rc.buffer() == nullptr);
			return ump::go_on;
		}));
	auto second = ump::spawn_task(ump::make_handler<silent>(
		[](std::string, ump::reply_context<silent> rc) -> ump::flow<ump::none> {
			rc.reply();
			return ump::go_on;
		}));
	auto all = open_completions();
	int calls = 0;

	CHECK(first->client.request_completion(
		point{1, 2}, all, [&](const ump::result<point> &answer) {
			CHECK(answer->x == 2 && answer->y == 1);
			calls++;
		}));
	CHECK(second->client.request_completion("text", all, [&](ump::result<void> answer) {
		CHECK(answer);
		calls++;
	}));
	CHECK(second->task.dispatch() && first->task.dispatch());
	CHECK(all.next() && all.next());
	CHECK_INT(calls, ==, 2);
	// A reply that is written in place is in the requester's own memory, if that waits without
	// a deadline.
	auto waiting = ump::spawn_thread(ump::make_handler<plain>(
		[](point msg, ump::reply_context<plain> rc) -> ump::flow<ump::none> {
			*rc.buffer() = msg;
			rc.reply(*rc.buffer());
			return ump::go_on;
		}));
	CHECK_INT(waiting->client.request(point{3, 4})->y, ==, 4);
}

// ---- Capacity ----------------------------------------------------------------------------------

void refused_for_capacity()
{
	ledger book;
	auto [client, task] = open_task(book, bounded(1));
	// A name that a callable may capture.
	auto &sender = client;
	auto all = open_completions();
	auto posts = client.post_client();
	counted mine(5);
	// On a busy machine the deadline may pass before the call begins.
	auto late = [](auto send) {
		ump::error why(UMP_FULL);

		for (int i = 0; why.code() == UMP_FULL && i < 100; i++)
			why = send(ump::after(std::chrono::milliseconds(20))).error();
		return why;
	};
	auto stays = [&](ump::error why, int expected) {
		CHECK_INT(why.code(), ==, expected);
		CHECK_INT(mine.worth(), ==, 5);
	};

	CHECK(client.post_until(std::as_const(mine), ump::never));
	stays(client.post(std::move(mine)).error(), UMP_FULL);
	stays(late([&](ump_time until) { return sender.post_until(std::move(mine), until); }),
		UMP_TIMED_OUT);
	stays(posts->post(std::move(mine)).error(), UMP_FULL);
	stays(late([&](ump_time until) { return posts->post_until(std::move(mine), until); }),
		UMP_TIMED_OUT);
	stays(late([&](ump_time until) { return posts->post_until(std::as_const(mine), until); }),
		UMP_TIMED_OUT);
	stays(client.request_async(std::move(mine)).error(), UMP_FULL);
	stays(late([&](ump_time until) {
		return sender.request_async_until(std::move(mine), until);
	}),
		UMP_TIMED_OUT);
	stays(late([&](ump_time until) {
		return sender.request_async_until(std::as_const(mine), until);
	}),
		UMP_TIMED_OUT);
	stays(client.request_completion(std::move(mine), all, witness()).error(), UMP_FULL);
	CHECK(all.in_flight() == 0 && task.dispatch());
	auto waits = client.request_async_until(std::move(mine), ump::never);
	CHECK(mine.empty() && task.dispatch());
	CHECK_INT(waits->wait()->worth(), ==, 6);
	mine = counted(6);
	CHECK(posts->post_until(std::move(mine), ump::never));
	CHECK(mine.empty() && task.dispatch());
}

// ---- Callables that are not accepted -----------------------------------------------------------

// Has moves that do not throw, and cannot be copied.
struct owning {
	std::unique_ptr<int> worth = std::make_unique<int>(7);
	int *calls = nullptr;

	template <class Answer> void operator()(Answer &&answer)
	{
		*calls += answer ? *worth : 100;
	}
};

// Its member is constant, so that a move copies it.
struct constant {
	const std::string text = "longer than what a string holds in place of a pointer";
	std::shared_ptr<int> worth = std::make_shared<int>(7);
	int *calls = nullptr;

	template <class Answer> void operator()(Answer &&answer)
	{
		*calls += answer && text.size() > 20 ? *worth : 100;
	}
};

int told_by_function;

void tell(ump::result<counted> answer)
{
	told_by_function += answer ? answer->worth() : 100;
}

// Make the call fail with each possible code: it must leave its argument untouched.
template <class F> void refused_with(F f)
{
	int calls = 0;
	ledger book;
	auto [client, task] = open_task(book, bounded(1));
	auto all = open_completions();
	ump::completions none;
	ump::client<shop> nobody;

	f.calls = &calls;
	CHECK(client.request_completion(counted(1), none, std::move(f)).error() == UMP_INVALID);
	CHECK(nobody.reserve(all, std::move(f)).error() == UMP_INVALID);
	for (int nth = 0; nth < 2; nth++) {
		countdown = nth;
		auto sent = client.request_completion(counted(1), all, std::move(f));
		CHECK(sent.error() == UMP_NO_MEMORY);
		countdown = -1;
	}
	CHECK(client.post(counted(1)));
	CHECK(client.request_completion(counted(1), all, std::move(f)).error() == UMP_FULL);
	CHECK(task.dispatch() && calls == 0);
	CHECK(client.request_completion(counted(1), all, std::move(f)));
	CHECK(task.dispatch() && all.wait() && calls > 0 && calls < 100);
	task.reset();
	F other;
	other.calls = &calls;
	CHECK(client.request_completion(counted(1), all, std::move(other)).error() ==
		UMP_SERVER_GONE);
	calls = 0;
	other(ump::result<counted>(counted(1)));
	CHECK(calls > 0 && calls < 100);
}

void callable_stays()
{
	refused_with(owning());
	refused_with(constant());
}

// A callable that is passed as an lvalue is copied; so is a function.
void callable_is_copied()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();
	constant lent;
	witness refused;
	int calls = 0;

	lent.calls = &calls;
	told_by_function = 0;
	CHECK(client.request_completion(counted(1), all, lent));
	CHECK(client.request_completion(counted(1), all, std::as_const(lent)));
	CHECK(client.request_completion(counted(4), all, tell));
	CHECK(task.dispatch());
	for (int i = 0; i < 3; i++)
		CHECK(all.next());
	// The copy of one that was not accepted must be destroyed at once.
	task.reset();
	CHECK(client.request_completion(counted(1), all, refused).error() == UMP_SERVER_GONE);
	CHECK_INT(witness::there, ==, 1);
	CHECK(calls == 14 && told_by_function == 5 && lent.worth != nullptr);
}

void outcome_stays()
{
	ledger book;
	auto [client, task] = open_task(book);
	ump::flow<counted> how = ump::stop(counted(9));

	CHECK(client.post(counted(SUSPEND)));
	CHECK(task.dispatch());
	countdown = 0;
	CHECK(book.suspended.resume(std::move(how)).error() == UMP_NO_MEMORY);
	countdown = -1;
	CHECK_INT(how.outcome->worth(), ==, 9);
	task.reset();
	CHECK(book.suspended.resume(std::as_const(how)).error() == UMP_SERVER_GONE);
	CHECK(book.suspended.resume(std::move(how)).error() == UMP_INVALID);
	CHECK_INT(how.outcome->worth(), ==, 9);
	auto [second, other] = open_task(book);
	CHECK(second.post(counted(SUSPEND)));
	CHECK(other.dispatch());
	other.reset();
	CHECK(book.suspended.resume(std::move(how)).error() == UMP_SERVER_GONE);
	CHECK_INT(how.outcome->worth(), ==, 9);
}

void reserved_capacity()
{
	ledger book;
	auto [client, task] = open_task(book, bounded(1));
	auto all = open_completions();
	int result = 1;
	auto told = [&](ump::result<void> said) { result = said.error().code(); };

	CHECK(client.post(counted(1)));
	CHECK(client.reserve(all, told));
	CHECK(client.reserve(all, witness()).error() == UMP_INVALID);
	CHECK(all.next().error() == UMP_EMPTY && all.in_flight() == 1);
	CHECK(task.dispatch());
	CHECK(all.wait() && result == UMP_OK);
	auto other = client.clone();
	CHECK(other->post(counted(1)).error() == UMP_FULL);
	CHECK(client.post(counted(1)));
	CHECK(other->reserve(all, told));
	other->reset();
	CHECK(all.wait() && result == UMP_ORIGIN_GONE);
	CHECK(client.reserve(all, told));
	task.reset();
	CHECK(all.wait() && result == UMP_SERVER_GONE);
	ump::client<shop> none;
	CHECK(none.reserve(all, witness()).error() == UMP_INVALID);
	// A post client does the same.
	auto [second, full] = open_task(book, bounded(1));
	auto poster = second.post_client();
	CHECK(poster->post(counted(1)));
	CHECK(poster->reserve(all, told));
	CHECK(poster->stats()->depth == 1 && poster->weak());
	CHECK(full.dispatch());
	CHECK(all.wait() && result == UMP_OK);
	CHECK(poster->post(counted(1)));
	ump::post_client<shop> nobody;
	CHECK(nobody.reserve(all, witness()).error() == UMP_INVALID);
	CHECK_INT(witness::there, ==, 0);
}

void watched()
{
	ledger book;
	auto [client, task] = open_task(book);
	auto all = open_completions();
	int ends = 0;
	int outcomes = 0;
	auto ended = [&] { ends++; };
	auto told = [&](bool outcome) { outcomes += outcome ? 10 : 1; };
	auto weak = client.weak();
	auto poster = client.post_client();

	CHECK(client.watch(all, ended));
	CHECK(weak->watch(all, ended));
	CHECK(poster->watch(all, ended));
	CHECK(task.watch(all, told));
	CHECK(all.next().error() == UMP_EMPTY && all.in_flight() == 4);
	CHECK(client.post(counted(STOP)));
	CHECK(!task.dispatch());
	while (all.next())
		continue;
	CHECK_INT(ends, ==, 3);
	CHECK_INT(outcomes, ==, 10);
	CHECK_INT(task.join().value()->worth(), ==, STOP);
	// A server without an outcome; and a watch that is given up, with its callable.
	auto [second, other] = open_task(book);
	CHECK(other.watch(all, told));
	{
		auto gone = open_completions();
		CHECK(second.watch(gone, witness()));
	}
	second.reset();
	CHECK(!other.dispatch());
	CHECK(all.wait() && outcomes == 11);
	ump::client<shop> none;
	ump::task<shop> nothing;
	CHECK(none.watch(all, ended).error() == UMP_INVALID);
	CHECK(nothing.watch(all, told).error() == UMP_INVALID);
	CHECK_INT(witness::there, ==, 0);
}

// ---- Introspection -----------------------------------------------------------------------------

void numbers()
{
	ledger book;
	auto [client, task] = open_task(book, bounded(4));
	auto weak = client.weak();

	CHECK(client.post(counted(1)));
	auto kept = client.request_async(counted(KEEP));
	CHECK_INT(client.stats()->depth, ==, 2);
	CHECK(task.dispatch(1));
	CHECK(task.dispatch(1));
	auto seen = weak->stats();
	CHECK(seen->depth == 0 && seen->depth_most == 2 && seen->handled == 2 && seen->kept == 1);
	CHECK(seen->clients == 1 && !seen->closed && !seen->busy);
	auto raw = ump::open_channel<shop>();
	CHECK(raw->receiver.stats()->depth == UMP_UNCOUNTED);
	CHECK(ump::client<shop>().stats().error() == UMP_INVALID);
	CHECK(ump::weak_client<shop>().stats().error() == UMP_INVALID);
	CHECK(ump::receiver<shop>().stats().error() == UMP_INVALID);
}

// Whether the dump names a line of this file.
bool names(int line)
{
	return dumped().find("loop_test.cpp:" + std::to_string(line)) != std::string::npos;
}

ump::result<ump::client<shop>> made_for(
	const ump::client<shop> &from, ump::place here = ump::place::current())
{
	return from.clone(here);
}

void places()
{
	ledger book;
	auto server = ump::spawn_task(std::make_unique<keeper>(book));
	const int spawned = __LINE__ - 1;
	auto copy = server->client.clone();
	const int cloned = __LINE__ - 1;
	auto posts = server->client.post_client();
	const int posting = __LINE__ - 1;
	auto more = posts->clone();
	const int again = __LINE__ - 1;
	auto up = server->client.weak()->upgrade();
	const int upgraded = __LINE__ - 1;
	auto other = made_for(server->client);
	const int passed = __LINE__ - 1;
	auto raw = ump::open_channel<shop>();
	const int opened = __LINE__ - 1;
	ledger threads;
	auto thread = ump::spawn_thread(std::make_unique<keeper>(threads));
	const int started = __LINE__ - 1;

#ifdef UMP_REGISTRY
	for (int line : {spawned, cloned, posting, again, upgraded, passed, opened, started})
		CHECK(names(line));
	CHECK(!names(__LINE__));
#else
	CHECK(dumped().find("built without UMP_REGISTRY") != std::string::npos);
	CHECK(!names(spawned + cloned + posting + again + upgraded + passed + opened + started));
#endif
	thread->client.reset();
	CHECK(thread->thread.join());
}

// ---- All of it ---------------------------------------------------------------------------------

// Do everything once; false if memory or a descriptor was lacking.
bool all_of_it()
{
	ledger book;
	counted mine(5);
	auto server = ump::spawn_task(std::make_unique<keeper>(book), bounded(8));
	auto all = ump::open_completions();
	if (!server || !all)
		return false;
	auto &[client, task] = *server;
	bool done = true;
	int calls = 0, expected = 0;
	auto lacks = [&](ump::error why, bool calls_back) {
		may_lack(why, mine, done);
		expected += calls_back && why == UMP_OK;
	};
	lacks(client.request_completion(std::move(mine), *all,
			    [&](ump::result<counted> answer) {
				    calls++;
				    lacks(answer.error(), false);
			    })
			.error(),
		true);
	lacks(client.reserve(*all, [&](ump::result<void>) { calls++; }).error(), true);
	lacks(client.post_until(std::move(mine), ump::never).error(), false);
	auto waits = client.request_async_until(std::move(mine), ump::never);
	lacks(waits.error(), false);
	lacks(client.post(counted(SUSPEND)).error(), false);
	CHECK(task.dispatch());
	if (book.suspended) {
		auto stopped = book.suspended.resume(ump::stop(counted(9)));
		CHECK(!book.suspended == (stopped.error() != UMP_NO_MEMORY));
		lacks(stopped.error(), false);
	} else {
		done = false;
	}
	book.suspended.reset();
	client.reset();
	CHECK(task.run());
	CHECK(task.join());
	while (all->wait()) {
	}
	CHECK_INT(calls, ==, expected);
	CHECK_INT(book.gone, ==, 1);
	return done;
}

void without_memory()
{
	// Two for the server, a callable for each of two completions, a box for each of four
	// messages, of two replies, and of an outcome.
	with_each_lack<all_of_it>(11);
}

// An event loop with a server of its own, whose requests go to a thread, which sends requests back.
void ping_pong()
{
	struct ponger final : ump::handler<shop> {
		explicit ponger(ump::client<shop> back) : back_(std::move(back))
		{
		}
		flow request(counted msg, reply_context rc) override
		{
			auto answer = back_.request(std::move(msg));

			if (answer)
				rc.reply(std::move(*answer));
			return ump::go_on;
		}
		flow post(counted) override
		{
			return ump::go_on;
		}
		ump::client<shop> back_;
	};
	enum {
		ROUNDS = 2000
	};
	ledger book;
	auto [client, task] = open_task(book, bounded(2));
	auto other = ump::spawn_thread(std::make_unique<ponger>(*client.clone()), bounded(2));
	auto all = open_completions();
	std::vector<std::thread> chatter;
	int answered = 0, asked = 0;
	bool reserving = false;

	for (int i = 0; i < 2; i++)
		chatter.emplace_back([from = *client.clone()] {
			for (int n = 0; n < ROUNDS; n++)
				CHECK(from.post_until(counted(n % 100), ump::never));
		});
	client.reset();
	while (answered < ROUNDS || asked < ROUNDS) {
		while (asked < ROUNDS && !reserving) {
			counted mine(asked % 100);
			auto sent = other->client.request_completion(std::move(mine), all,
				[&, n = asked % 100](ump::result<counted> answer) {
					CHECK_INT(answer->worth(), ==, n + 1);
					answered++;
				});
			if (!sent) {
				CHECK(sent.error() == UMP_FULL);
				CHECK(other->client.reserve(
					all, [&](ump::result<void>) { reserving = false; }));
				reserving = true;
			} else {
				asked++;
			}
		}
		check_progress();
		pollfd ready[] = {{task.fd(), POLLIN, 0}, {all.fd(), POLLIN, 0}};
		CHECK(poll(ready, 2, 60000) > 0);
		task.dispatch(16);
		while (all.next()) {
		}
	}
	other->client.reset();
	for (auto &thread : chatter) {
		// The loop must run on for callers that still wait for capacity.
		while (book.handled < 3 * ROUNDS)
			task.dispatch(16);
		thread.join();
	}
	CHECK(task.run());
	CHECK(!task.join().value());
	CHECK(other->thread.join());
	CHECK_INT(book.handled, ==, 3 * ROUNDS);
}

const check_test tests[] = {
	{"c++ [task] [drain]: a task runs, and joins", leaving_nothing<task_runs>},
	{"c++ [task] [break]: a task ends with a value", leaving_nothing<task_breaks>},
	{"c++ [task] [clean]: a task is dropped", leaving_nothing<task_is_dropped>},
	{"c++ [task] [deadlock]: a task drops itself", leaving_nothing<task_drops_itself>},
	{"c++ [init]: a task that does not start", leaving_nothing<failing_task>},
	{"c++ [suspend] [misuse]: resumed, or forgotten", leaving_nothing<resumed>},
	{"c++ [suspend]: what it returned besides does not count",
		leaving_nothing<suspended_and_stopped>},
	{"c++ [suspend] [once]: a task is dropped while its handler is suspended",
		leaving_nothing<dropped_while_suspended>},
	{"c++ [stop] [bound]: the first outcome counts, others return to their callers",
		leaving_nothing<stopped_by_its_clients>},
	{"c++ [stop] [break]: the handler breaks by itself", leaving_nothing<stopped_and_broken>},
	{"c++ [stop] [task]: the task is dropped", leaving_nothing<stopped_and_dropped>},
	{"c++ [suspend] [deadlock]: a suspension names a server", leaving_nothing<names_a_server>},
	{"c++ [suspend]: only tasks suspend", leaving_nothing<thread_does_not_suspend>},
	{"c++ [suspend] [once]: threads resume while the task is run or dropped",
		leaving_nothing<resumed_by_threads>},
	{"[timer] timers of a handler class", leaving_nothing<timers>},
	{"[timer] delayed posts", leaving_nothing<delayed_posts>},
	{"[ask] [watch] requests and watches of a handler class", leaving_nothing<asks>},
	{"[ask] [break] answers and ends that break", leaving_nothing<answers_break>},
	{"c++ [complete] [misuse]: each kind of answer", leaving_nothing<answers>},
	{"c++ [complete] [gone]: a request that was not started comes back",
		leaving_nothing<given_back>},
	{"c++ [complete] [origin] [clean]: completions are dropped", leaving_nothing<given_up>},
	{"c++ [complete]: completions move with requests in flight",
		leaving_nothing<moved_in_flight>},
	{"c++ [complete]: what callables may do", leaving_nothing<from_callables>},
	{"c++ [complete]: answers of several servers; replies in place",
		leaving_nothing<of_several_servers>},
	{"c++ [bound] [deadline]: a value that got no permit stays",
		leaving_nothing<refused_for_capacity>},
	{"c++ [bound] [complete]: reservations in an event loop",
		leaving_nothing<reserved_capacity>},
	{"c++ [watch] [complete]: watches of servers", leaving_nothing<watched>},
	{"c++ [complete] [gone] [bound] [clean]: a callable that was not accepted stays",
		leaving_nothing<callable_stays>},
	{"c++ [complete]: a callable that is lent is copied", leaving_nothing<callable_is_copied>},
	{"c++ [suspend] [gone]: an outcome that was not passed on stays",
		leaving_nothing<outcome_stays>},
	{"c++ [misuse]: numbers of a server", leaving_nothing<numbers>},
	{"c++: the dump names places", leaving_nothing<places>},
	{"c++ [clean]: each lack of memory in a loop", leaving_nothing<without_memory>},
	{"c++ [once] [quiet] [bound]: a loop, a thread and their clients",
		leaving_nothing<ping_pong>},
};

} // namespace

CHECK_MAIN(tests)
