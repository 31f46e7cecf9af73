// SPDX-License-Identifier: 0BSD
// Three threads send move-only messages: requests that wait with a deadline, without one, or later,
// and posts.  The handler keeps and returns the same objects; each is destroyed once.
#include "check.h"
#include "text.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <ump_server.hpp>
#include <vector>

constexpr int callers = 3;
constexpr int rounds = 200;

struct page {
	explicit page(int n) : number(n), text(to_text(n))
	{
		alive.fetch_add(1, std::memory_order_relaxed);
	}
	page(const page &) = delete;
	page &operator=(const page &) = delete;
	~page()
	{
		alive.fetch_sub(1, std::memory_order_relaxed); // orders nothing
	}
	int number;
	::text text;
	static inline std::atomic<int> alive = 0;
};

using owned = std::unique_ptr<page>;

struct press : ump::protocol<owned, owned, owned, std::vector<owned>> {
};

class printer : public ump::handler<press>
{
	flow request(owned msg, reply_context rc) override
	{
		msg->number++;
		msg->text += "!";
		if (auto sent = rc.reply(std::move(msg)); !sent)
			return ump::stop(std::move(kept_));
		return ump::go_on;
	}
	flow post(owned msg) override
	{
		msg->text += "?";
		kept_.push_back(std::move(msg));
		return ump::go_on;
	}
	outcome term(outcome) override
	{
		return std::move(kept_);
	}

	std::vector<owned> kept_;
};

static void check_answer(const ump::result<owned> &answer, int i)
{
	CHECK(answer);
	CHECK((*answer)->number == i + 1 && (*answer)->text == to_text(i) + "!");
}

static void call(ump::client<press> client)
{
	using namespace std::chrono_literals;

	for (int i = 0; i < rounds; i++) {
		auto waits = client.request_async(std::make_unique<page>(i));

		CHECK(waits);
		check_answer(client.request(std::make_unique<page>(i)), i);
		CHECK(client.post(std::make_unique<page>(i)));
		check_answer(client.request(std::make_unique<page>(i), ump::after(20s)), i);
		check_answer(waits->wait(), i);
	}
}

int main()
{
	{
		auto server = ump::spawn_thread(std::make_unique<printer>());
		std::vector<std::thread> threads;

		CHECK(server);
		for (int i = 0; i < callers; i++)
			threads.emplace_back(call, std::move(*server->client.clone()));
		server->client.reset();
		for (auto &thread : threads)
			thread.join();
		auto pages = server->thread.join();
		CHECK(pages && *pages && (*pages)->size() == callers * rounds);
		for (auto &one : **pages)
			CHECK(one->text == to_text(one->number) + "?");
	}
	CHECK(page::alive == 0);
	return 0;
}
