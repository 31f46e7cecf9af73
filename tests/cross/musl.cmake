# SPDX-License-Identifier: 0BSD
set(CMAKE_C_COMPILER musl-gcc)
# The header is the same C++ everywhere; native builds check it.
set(CMAKE_CXX_COMPILER "")
