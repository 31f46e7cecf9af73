// SPDX-License-Identifier: 0BSD
// A correct C++ program with objects of every lifetime: each execution must begin with those that
// exist before main as they were then, and end with their destructors.
#include <cassert>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

std::vector<std::string> names{"a name that is too long for the object itself", "b"};
std::map<int, std::string> table;
std::once_flag once;

struct own {
	std::string text = "a text of each thread, too long for the object itself";
	~own()
	{
		assert(text.back() == '.');
	}
};

thread_local own mine;

int &count()
{
	static std::vector<int> counts(10, 1);

	return counts[0];
}

void work(std::mutex &mutex, int number)
{
	mine.text += '.';
	std::call_once(once, [] { names.push_back("c"); });
	const std::lock_guard lock(mutex);
	count()++;
	std::cout << "thread " << number << '\n';
}

} // namespace

int main()
{
	std::mutex mutex;
	std::vector<std::thread> threads;

	assert(names.size() == 2 && table.empty());
	table[1] = "one";
	for (int i = 0; i < 2; i++)
		threads.emplace_back([&mutex, i] { work(mutex, i); });
	for (auto &thread : threads)
		thread.join();
	mine.text += '.';
	assert(count() == 3);
	assert(names.size() == 3);
	try {
		return names.at(17).empty();
	} catch (const std::out_of_range &) {
		return 0;
	}
}
