#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/random.hpp>
#include <danaus/core/tensor.hpp>

#include <concepts>
#include <string>
#include <vector>

/// Matrices with few parameters and a fast product, to be compared with each other at equal parameters or
/// equal arithmetic. All live in host memory; vectors are the rows of a batch, as everywhere in Danaus.
namespace danaus::monarch {

/// One array of parameters, sharing its data with the matrix, and the sizes that its scaling rules need: an
/// entry's product is one of `fan_in` summands of each of `fan_out` outputs.
template <class T>
struct ParameterArray {
  std::string name;
  HostTensor<T, 1> values;
  double fan_in = 1, fan_out = 1;

  /// Standard deviation of random entries with which each factor keeps the size of its input, and is no
  /// larger than a dense matrix of its shape may be: sqrt(min(fan_in, fan_out)) / fan_in. Source: Qiu et al.
  /// 2024, section 3 (doi:10.48550/arXiv.2406.06248), from the spectral condition of Yang, Simon and
  /// Bernstein 2023 (doi:10.48550/arXiv.2310.17813).
  double initial_deviation() const;
  /// What Adam's learning rate is multiplied by, relative to a dense layer of `dense_fan_in` inputs for which
  /// it was tuned: dense_fan_in / fan_in. Same source. A structured factor has a smaller fan-in, so it takes
  /// larger steps than the dense layer it replaces.
  double learning_rate_factor(double dense_fan_in) const { return dense_fan_in / fan_in; }
};

/// Gradients of a real loss, dL/dRe + i dL/dIm: of the input batch, and of each parameter array in the order
/// of parameter_arrays().
template <class T>
struct StructuredGradient {
  HostTensor<T, 2> input;
  std::vector<HostTensor<T, 1>> parameters;
};

/// Real floating-point operations for one multiplication and addition.
template <class T>
inline constexpr size_t flops_per_product = is_complex_v<T> ? 8 : 2;

/// What every structured matrix A (rows x columns) offers; tests/monarch/structured/contract_test.cpp holds
/// each to it.
///
///     apply(x)          y[s] = A x[s]       x (sample, column), y (sample, row)
///     adjoint(y)        x[s] = A* y[s]
///     dense()           A (row, column)
///     parameters()      stored numbers of T, whatever gauge freedom they have
///     flops()           real operations of apply() on one vector, multiplications and additions
///     backward(A, x, g)     gradients of a loss whose gradient with respect to y = A x is g
///     parameter_arrays(A)   the stored numbers, by name
template <class M>
concept StructuredMatrix = requires(const M& a, const HostTensor<typename M::value_type, 2>& batch) {
  { a.rows() } -> std::convertible_to<size_t>;
  { a.columns() } -> std::convertible_to<size_t>;
  { a.parameters() } -> std::convertible_to<size_t>;
  { a.flops() } -> std::convertible_to<double>;
  { a.apply(batch) } -> std::same_as<HostTensor<typename M::value_type, 2>>;
  { a.adjoint(batch) } -> std::same_as<HostTensor<typename M::value_type, 2>>;
  { a.dense() } -> std::same_as<HostTensor<typename M::value_type, 2>>;
  { backward(a, batch, batch) } -> std::same_as<StructuredGradient<typename M::value_type>>;
  { parameter_arrays(a) } -> std::same_as<std::vector<ParameterArray<typename M::value_type>>>;
};

/// Fills an array with normal numbers of its initial deviation; complex numbers get it in modulus.
template <class T>
void initialize(const ParameterArray<T>& array, std::uint64_t seed, std::uint64_t stream);

/// Fills a matrix with random numbers by the scaling rule of each of its arrays.
template <StructuredMatrix M>
void initialize(const M& matrix, std::uint64_t seed) {
  std::uint64_t index = 0;
  for (const auto& array : parameter_arrays(matrix))
    initialize<typename M::value_type>(array, seed, stream::initialization + (index++ << 8));
}

/// What an iterative fit to a dense matrix reached.
struct FitReport {
  std::vector<double> relative_error;  ///< ‖A - M‖ / ‖A‖ (Frobenius) after each iteration, never increasing
};
struct FitOptions {
  size_t iterations = 20;
  double tolerance =
      1e-6;  ///< stop when an iteration lowers the relative error by less than this share of it
};

}  // namespace danaus::monarch
