#pragma once

#include <danaus/monarch/structured/block_tensor_train.hpp>
#include <danaus/monarch/structured/low_rank.hpp>

namespace danaus::monarch {

/// The sum of two structured matrices of the same size.
///
/// Initialisation and learning rates: those of the terms, each by its own rule.
template <StructuredMatrix A, StructuredMatrix B>
requires std::same_as<typename A::value_type, typename B::value_type>
class StructuredSum {
 public:
  using value_type = typename A::value_type;
  using Batch = HostTensor<value_type, 2>;

  /// @throws ShapeError unless the sizes agree
  StructuredSum(const A& first, const B& second) : first_(first), second_(second) {
    if (first.rows() != second.rows() || first.columns() != second.columns())
      throw ShapeError("StructuredSum: a term of " + std::to_string(first.rows()) + " x " +
                       std::to_string(first.columns()) + " and one of " + std::to_string(second.rows()) +
                       " x " + std::to_string(second.columns()));
  }

  const A& first() const { return first_; }
  const B& second() const { return second_; }
  size_t rows() const { return first_.rows(); }
  size_t columns() const { return first_.columns(); }
  size_t parameters() const { return first_.parameters() + second_.parameters(); }
  /// Real operations: those of the terms and one addition (two for complex numbers) per row.
  double flops() const {
    return first_.flops() + second_.flops() + double((is_complex_v<value_type> ? 2 : 1) * rows());
  }

  Batch apply(const Batch& x) const { return sum(first_.apply(x), second_.apply(x)); }
  Batch adjoint(const Batch& y) const { return sum(first_.adjoint(y), second_.adjoint(y)); }
  Batch dense() const { return sum(first_.dense(), second_.dense()); }

  static Batch sum(const Batch& a, const Batch& b) {
    for (size_t e = 0; e < a.size(); ++e) a.data()[e] += b.data()[e];
    return a;
  }

 private:
  A first_;
  B second_;
};

template <class A, class B>
StructuredGradient<typename A::value_type> backward(const StructuredSum<A, B>& a,
                                                    const HostTensor<typename A::value_type, 2>& x,
                                                    const HostTensor<typename A::value_type, 2>& y_grad) {
  auto gradient = backward(a.first(), x, y_grad);
  const auto second = backward(a.second(), x, y_grad);
  StructuredSum<A, B>::sum(gradient.input, second.input);
  for (const auto& p : second.parameters) gradient.parameters.push_back(p);
  return gradient;
}

template <class A, class B>
std::vector<ParameterArray<typename A::value_type>> parameter_arrays(const StructuredSum<A, B>& a) {
  auto arrays = parameter_arrays(a.first());
  for (const auto& p : parameter_arrays(a.second())) arrays.push_back(p);
  return arrays;
}

/// Monarch + low rank: a Monarch matrix (inner rank 1, or more) and a dense correction of low rank.
template <class T>
using MonarchPlusLowRank = StructuredSum<BlockTensorTrain<T>, LowRank<T>>;

/// Fits Monarch + low rank to a dense matrix by projecting in turn: the Monarch part of A minus the low-rank
/// part, then the low-rank part of A minus the Monarch part. Each step is the optimum for its term, so the
/// error never grows; the pair is a local optimum at best.
/// @param inner_rank  rank of the Monarch slices, 1 for a Monarch matrix
template <class T>
MonarchPlusLowRank<T> fit_monarch_plus_low_rank(const HostTensor<T, 2>& a, const MonarchShape& shape,
                                                size_t inner_rank, size_t rank,
                                                const FitOptions& options = {}, FitReport* report = nullptr);

}  // namespace danaus::monarch
