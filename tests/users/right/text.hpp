// SPDX-License-Identifier: 0BSD
// A string whose functions are compiled with the program, and so with its sanitizer.  Those of
// std::string are in the C++ library, whose writes MemorySanitizer does not see.
#ifndef TEXT_HPP
#define TEXT_HPP

#include <charconv>
#include <memory>
#include <string>

template <typename T> struct own_allocator {
	using value_type = T;
	own_allocator() = default;
	template <typename U> own_allocator(const own_allocator<U> &)
	{
	}
	T *allocate(std::size_t count)
	{
		return std::allocator<T>().allocate(count);
	}
	void deallocate(T *at, std::size_t count)
	{
		std::allocator<T>().deallocate(at, count);
	}
	bool operator==(const own_allocator &) const
	{
		return true;
	}
	bool operator!=(const own_allocator &) const
	{
		return false;
	}
};

using text = std::basic_string<char, std::char_traits<char>, own_allocator<char>>;

inline text to_text(int number)
{
	char digits[12] = {};

	return text(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

#endif
