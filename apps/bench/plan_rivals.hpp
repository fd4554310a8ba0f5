#pragma once

#include "bench_context.hpp"

namespace danaus::app {

/// Transforms by danaus::fft's own plans, one vector after the other and lanes innermost. In a build for GPUs
/// they are cuFFT, and the only rivals; on a CPU, where the rivals plan with more patience, they are only
/// checked. Axes of n points of `outer` x 32 vectors; output points are row-major over n.
std::vector<Rival> complex_plan_rivals(const std::vector<size_t>& n, size_t outer, const Values& input);
/// Output points are row-major over the half spectrum (.., n/2 + 1).
std::vector<Rival> real_plan_rivals(const std::vector<size_t>& n, size_t outer, const Values& input);

/// Runs the plans and another rival. @throws InternalError unless they compute the same
void require_plans_agree(const std::vector<Rival>& plans, const Rival& other, size_t vectors, size_t points);

}  // namespace danaus::app
