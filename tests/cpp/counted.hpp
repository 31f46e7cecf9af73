// SPDX-License-Identifier: 0BSD
// Accounts for the tests of the C++ face: of live values, and of allocations, which can be made to
// fail.  A program must include this only once: it replaces operator new.
#ifndef COUNTED_HPP
#define COUNTED_HPP

#include "check.h"
#include "ump_server.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

inline std::atomic<int> live;

// A value that holds a number, that counts the live ones, and that detects a second destruction or
// a read after a move.
class counted
{
      public:
	counted(int worth = 0) : worth_(new int(worth))
	{
		live++;
	}
	counted(const counted &other) : worth_(new int(*other.worth_)), moves_(other.moves_)
	{
		live++;
	}
	counted(counted &&other) noexcept
	    : worth_(std::exchange(other.worth_, nullptr)), moves_(other.moves_ + 1)
	{
		live++;
	}
	counted &operator=(counted &&other) noexcept
	{
		delete worth_;
		worth_ = std::exchange(other.worth_, nullptr);
		moves_ = other.moves_ + 1;
		return *this;
	}
	~counted()
	{
		CHECK(self_ == this);
		self_ = nullptr;
		delete worth_;
		live--;
	}
	bool empty() const
	{
		return worth_ == nullptr;
	}
	int worth() const
	{
		CHECK(worth_ != nullptr);
		return *worth_;
	}
	int moves() const
	{
		return moves_;
	}

      private:
	// Its own address: the value would not survive being copied as bytes.
	counted *self_ = this;
	int *worth_;
	int moves_ = 0;
};

// Allocations that do not throw, which are the header's: the n-th fails, if n >= 0.
inline std::atomic<int> countdown{-1};

inline bool fails()
{
	int left = countdown.load();

	while (left >= 0)
		if (countdown.compare_exchange_weak(left, left - 1))
			return left == 0;
	return false;
}

void *operator new(std::size_t size, const std::nothrow_t &) noexcept
{
	return fails() ? nullptr : ::operator new(size);
}

void *operator new[](std::size_t size, const std::nothrow_t &) noexcept
{
	return fails() ? nullptr : ::operator new[](size);
}

// Valgrind replaces this program's operator new, too, so that no allocation can be made to fail.
inline bool new_is_ours()
{
	const char *preloaded = std::getenv("LD_PRELOAD");

	return preloaded == nullptr || std::strstr(preloaded, "/vgpreload_") == nullptr;
}

// Run a test, which must leave no value behind.
template <void (*Run)()> void leaving_nothing()
{
	Run();
	CHECK_INT(live.load(), ==, 0);
}

// Return the dump of this process.
inline std::string dumped()
{
	char *text = nullptr;
	std::size_t size = 0;
	std::FILE *file = open_memstream(&text, &size);

	CHECK(file != nullptr);
	CHECK(ump::dump(nullptr).error() == UMP_INVALID);
	CHECK(ump::dump(file).has_value());
	std::fclose(file);
	std::string said(text, size);
	std::free(text);
	return said;
}

// Check the result of a call that may have lacked memory: if it did, the value must still be there;
// if it was sent, make a new one for the next call.
inline void may_lack(ump::error why, counted &value, bool &done)
{
	CHECK(why == UMP_OK || why == UMP_NO_MEMORY || why == UMP_NO_REPLY);
	if (why == UMP_NO_MEMORY)
		CHECK_INT(value.worth(), ==, 5);
	if (value.empty())
		value = counted(5);
	done = done && why == UMP_OK;
}

// `All` does everything once, and returns whether nothing was lacking.  Run it with each of the
// library's allocations failing, and then with each of the header's, of which there are
// `of_header`.
template <bool (*All)()> void with_each_lack(int of_header)
{
	for (int i = 0;; i++) {
		faults_at(i);
		bool done = All();
		bool met = faults_off();
		CHECK_INT(live.load(), ==, 0);
		if (!met) {
			CHECK(done);
			CHECK_INT(i, >, 8);
			break;
		}
	}
	for (int i = 0; new_is_ours(); i++) {
		countdown = i;
		bool done = All();
		bool met = countdown.exchange(-1) < 0;
		CHECK_INT(live.load(), ==, 0);
		if (!met) {
			CHECK(done);
			CHECK_INT(i, ==, of_header);
			break;
		}
	}
}

#endif
