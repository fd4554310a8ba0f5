#pragma once

#include <danaus/monarch/structured/structured_sum.hpp>

#include <monarch/structured/batch.hpp>

#include <cmath>

namespace danaus::monarch {

/// Fits a sum to `a` by projecting what the other term leaves onto each class in turn. Both projections are
/// optimal, so the error never grows.
template <class T, class ProjectFirst, class ProjectSecond>
auto alternating_fit(const HostTensor<T, 2>& a, const ProjectFirst& project_first,
                     const ProjectSecond& project_second, const FitOptions& options, FitReport* report) {
  const double norm = std::sqrt(squared_norm(a));
  auto first = project_first(a);
  auto second = project_second(difference<T>(a, first.dense()));
  double error =
      std::sqrt(squared_norm(difference<T>(difference<T>(a, first.dense()), second.dense()))) / norm;
  if (report) report->relative_error = {error};
  for (size_t step = 1; step < options.iterations; ++step) {
    first = project_first(difference<T>(a, second.dense()));
    second = project_second(difference<T>(a, first.dense()));
    const double previous = error;
    error = std::sqrt(squared_norm(difference<T>(difference<T>(a, first.dense()), second.dense()))) / norm;
    if (report) report->relative_error.push_back(error);
    if (!(error < previous * (1 - options.tolerance))) break;
  }
  return StructuredSum(first, second);
}

}  // namespace danaus::monarch
