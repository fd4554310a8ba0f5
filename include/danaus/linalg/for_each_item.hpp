#pragma once

#include <cstddef>
#include <functional>

namespace danaus::linalg {

/// work(0) ... work(count - 1) on the CPU's threads, in any order: for independent pieces that call LAPACK,
/// which has one thread meanwhile. If pieces throw, the others still run, and the error of the first is
/// thrown on.
void for_each_item(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace danaus::linalg
