/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A program keeps a pointer to its handler's object and calls it while the server runs.  The server
 * owns the handler from spawn_thread on, and uses it on its own thread.  The flag puts the read
 * after the write in time, and is relaxed, so that it orders nothing.
 */
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <ump_server.hpp>

static std::atomic<bool> handled;

struct counting : ump::protocol<ump::none, ump::none, int> {
};

class counter : public ump::handler<counting>
{
      public:
	int sum() const
	{
		return sum_; /* here */
	}

      private:
	flow post(int number) override
	{
		sum_ += number; /* here */
		handled.store(true, std::memory_order_relaxed);
		return ump::go_on;
	}

	int sum_ = 0;
};

int main()
{
	auto handler = std::make_unique<counter>();
	const counter *kept = handler.get();
	auto server = ump::spawn_thread(std::move(handler));

	if (!server || !server->client.post(3))
		return 1;
	while (!handled.load(std::memory_order_relaxed))
		std::this_thread::yield();
	std::printf("sum %d\n", kept->sum()); /* here */
	server->client = ump::client<counting>();
	(void)server->thread.join();
	return 0;
}
