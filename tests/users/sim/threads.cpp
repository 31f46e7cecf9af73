// SPDX-License-Identifier: 0BSD
// A C++ program with threads, a mutex and a condition of the C++ library: workers add to a sum, and
// the last one wakes the waiting main thread.
//
// The mistake: a worker adds before it takes the lock.
//
// Mended: it takes the lock first.
#include <cassert>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct sum {
	std::mutex mutex;
	std::condition_variable done;
	std::vector<std::string> names;
	int value = 0;
	int left = 2;
};

void add(const std::shared_ptr<sum> &sum, int value)
{
#ifndef MENDED
	sum->value += value;
#endif
	const std::lock_guard lock(sum->mutex);
#ifdef MENDED
	sum->value += value;
#endif
	sum->names.push_back("worker " + std::to_string(value));
	if (--sum->left == 0)
		sum->done.notify_one();
}

} // namespace

int main()
{
	const auto total = std::make_shared<sum>();
	std::thread first(add, total, 1);
	std::thread second([total] { add(total, 2); });

	{
		std::unique_lock lock(total->mutex);
		total->done.wait(lock, [&] { return total->left == 0; });
		assert(total->value == 3);
		assert(total->names.size() == 2);
	}
	first.join();
	second.join();
	std::future<int> answer = std::async(std::launch::async, [] { return 42; });
	assert(answer.get() == 42);
	try {
		throw std::string("an exception");
	} catch (const std::string &text) {
		assert(text == "an exception");
	}
	return 0;
}
