#pragma once

#include <danaus/monarch/structured/structured_sum.hpp>

#include <monarch/structured/batch.hpp>

namespace danaus::monarch {

/// Fits a sum to `a` by projecting what the other term leaves onto each class in turn. Both projections are
/// optimal, so the error never grows.
template <class T, class ProjectFirst, class ProjectSecond>
auto alternating_fit(const HostTensor<T, 2>& a, const ProjectFirst& project_first,
                     const ProjectSecond& project_second, const FitOptions& options, FitReport* report) {
  auto first = project_first(a);
  auto second = project_second(difference<T>(a, first.dense()));
  const auto error_now = [&] { return relative_residual<T>(a, StructuredSum(first, second).dense()); };
  double error = error_now();
  if (report) report->relative_error = {error};
  for (size_t step = 1; step < options.iterations; ++step) {
    first = project_first(difference<T>(a, second.dense()));
    second = project_second(difference<T>(a, first.dense()));
    const double previous = error;
    error = error_now();
    if (report) report->relative_error.push_back(error);
    if (!(error < previous * (1 - options.tolerance))) break;
  }
  return StructuredSum(first, second);
}

}  // namespace danaus::monarch
