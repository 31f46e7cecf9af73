// SPDX-License-Identifier: 0BSD
// The outcome has another type.
// gcc: conversion from .*optional<int>.* to non-scalar type 'result<optional<std.*basic_string
// clang: no viable conversion from .* to 'result<optional<std::string>>'
#include "servers.hpp"

bool wrong(ump::task<adder> &task);

bool wrong(ump::task<adder> &task)
{
#ifdef WRONG
	ump::result<std::optional<std::string>> how = task.join();
	return how.has_value();
#else
	ump::result<std::optional<int>> how = task.join();
	return how.has_value();
#endif
}
