#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>
#include <danaus/fft/serial_plan.hpp>

#include <vector>

namespace danaus::mri {

/// SenseOperator on a CPU, in three passes that keep what they work on in cache:
///
///     image rows     expand to coils, transform along z, keep the columns that the mask samples
///     columns        transform along y, weigh the samples, transform back
///     image rows     transform back along z, combine coils
///
/// Every line that FFTW transforms is contiguous, which makes it two to four times as fast as on lanes of
/// coils: rows are transformed coil by coil and stored as columns. Columns that no mask samples are not
/// transformed along y, nor rows without sensitivities along z. The work is cut by shape alone, so results do
/// not depend on the number of threads. Its twin for GPUs is the composition of kernels in
/// sense_operator.cpp.
template <class R>
class SensePipeline {
 public:
  /// The phases that centre the transform are folded into copies of both arguments.
  /// @param maps     (slice, y, z, coil, map)
  /// @param weights  (k, ky, kz)
  SensePipeline(size_t batch, const ConstTensor<Complex<R>, 5>& maps, const ConstTensor<R, 3>& weights);

  void forward(const ConstTensor<Complex<R>, 4>& x, const Tensor<Complex<R>, 4>& y) const;
  void adjoint(const ConstTensor<Complex<R>, 4>& y, const Tensor<Complex<R>, 4>& x) const;
  void normal(const ConstTensor<Complex<R>, 4>& x, const Tensor<Complex<R>, 4>& z) const;

  /// Bytes that it holds if every column is sampled.
  static size_t workspace_bytes(size_t batch, const Shape<5>& maps);

 private:
  using Value = Complex<R>;

  void take_maps(const ConstTensor<Value, 5>& maps);
  void take_weights(const ConstTensor<R, 3>& weights);
  void rows_to_columns(const ConstTensor<Value, 4>& x) const;
  void columns_to_rows(const Tensor<Value, 4>& x) const;
  void clear_unsampled(const Tensor<Value, 4>& y) const;
  bool has_maps(size_t item, size_t piece) const {
    return piece_has_maps_[item / per_slice_ * pieces_ + piece];
  }

  size_t batch_, rows_, columns_, coils_, sets_, per_slice_, per_weight_, pieces_;
  std::vector<size_t> sampled_;       // columns that some mask samples
  std::vector<char> piece_has_maps_;  // (slice, piece of rows)
  Tensor<Value, 5> maps_;             // (slice, piece of rows, coil, map, row and z)
  Tensor<Value, 3> weights_;          // (k, sampled column, ky)
  Tensor<Value, 4> lines_;            // (batch, sampled column, coil, y): what lies between the passes
  fft::SerialPlan<R> z_forward_, z_backward_, y_forward_, y_backward_;
};

}  // namespace danaus::mri
