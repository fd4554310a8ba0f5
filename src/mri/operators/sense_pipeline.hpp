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
/// Columns that are never sampled are not transformed along y, nor rows without sensitivities along z. The
/// work is cut by shape alone, so results do not depend on the number of threads. Its twin for GPUs is the
/// composition of kernels in sense_operator.cpp.
template <class R>
class SensePipeline {
 public:
  /// Both with the phases that centre the transform: maps (slice, y, z, coil, map), weights (k, ky, kz).
  SensePipeline(size_t batch, ConstTensor<Complex<R>, 5> maps, ConstTensor<Complex<R>, 3> weights);

  void forward(ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const;
  void adjoint(ConstTensor<Complex<R>, 4> y, Tensor<Complex<R>, 4> x) const;
  void normal(ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> z) const;

 private:
  using Value = Complex<R>;
  enum class Middle { forward, adjoint, normal };

  void rows_to_columns(const Value* x) const;
  void columns_to_rows(Value* x) const;
  void middle(Middle which, const Value* in, Value* out) const;
  void middle_block(Middle which, size_t item, size_t block, const Value* in, Value* out) const;
  bool has_maps(size_t item, size_t row) const { return rows_with_maps_[item / per_slice_ * rows_ + row]; }

  size_t batch_, rows_, columns_, coils_, sets_, per_slice_, per_weight_;
  ConstTensor<Value, 5> maps_;
  ConstTensor<Value, 3> weights_;
  std::vector<char> rows_with_maps_;
  size_t first_column_ = 0, box_ = 0;  // columns that some mask samples
  size_t block_columns_ = 1, blocks_ = 0;
  mutable std::vector<Value> buffer_;  // (batch, y, box, coil)
  fft::SerialPlan<R> z_forward_, z_backward_, y_forward_, y_backward_;
};

}  // namespace danaus::mri
