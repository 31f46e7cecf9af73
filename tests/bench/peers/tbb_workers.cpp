/* SPDX-License-Identifier: 0BSD */
/* oneTBB's concurrent_bounded_queue without a bound, from which several threads pop. */
#include "workers.h"

#include <memory>
#include <oneapi/tbb/concurrent_queue.h>
#include <thread>
#include <vector>

namespace
{
/* No job has this number. */
constexpr uint64_t end_number = UINT64_MAX;

struct server {
	oneapi::tbb::concurrent_bounded_queue<bench_message> queue;
	std::vector<std::thread> threads;
};

void work(server *me, bench_jobs *jobs, unsigned number)
{
	bench_message msg;

	for (;;) {
		me->queue.pop(msg);
		if (msg.words[0] == end_number)
			return;
		bench_job(jobs, number, &msg);
	}
}

void *open_workers(bench_jobs *jobs, unsigned workers, unsigned)
{
	auto me = std::make_unique<server>();

	for (unsigned i = 0; i < workers; i++)
		me->threads.emplace_back(work, me.get(), jobs, i);
	return me.release();
}

void join(void *arg)
{
	std::unique_ptr<server> me(static_cast<server *>(arg));
	bench_message end{};

	end.words[0] = end_number;
	for (size_t i = 0; i < me->threads.size(); i++)
		me->queue.push(end);
	for (auto &thread : me->threads)
		thread.join();
}

void *client(void *arg)
{
	return arg;
}

void client_end(void *)
{
}

void post(void *arg, const bench_message *msg)
{
	static_cast<server *>(arg)->queue.push(*msg);
}
} // namespace

extern "C" const bench_peer the_peer = {"tbb-workers", true, false, nullptr, nullptr, nullptr,
	nullptr, nullptr, nullptr, nullptr, nullptr};
extern "C" const bench_workers_peer the_workers = {open_workers, join, client, client_end, post};
