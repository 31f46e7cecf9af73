# SPDX-License-Identifier: 0BSD
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
# The header is the same C++ everywhere; native builds check it.
set(CMAKE_CXX_COMPILER "")
