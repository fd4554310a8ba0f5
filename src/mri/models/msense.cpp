#include <danaus/mri/models/msense.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/fft/root_of_unity.hpp>
#include <danaus/monarch/fourier.hpp>
#include <danaus/mri/models/learned_inverse.hpp>
#include <danaus/mri/models/tape_operations.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::mri {

namespace {

constexpr int density_reach = 8;
constexpr double density_power = 0.6;

/// The centre `kept` of n points goes in, all come out.
monarch::TransformSpec inverse_spec(size_t n, size_t kept, size_t block, const std::string& option) {
  if (n % block != 0)
    throw UsageError(option + ": " + std::to_string(block) + " does not divide " + std::to_string(n));
  monarch::TransformSpec spec;
  spec.shape = monarch::MonarchShape::square(n, block);
  for (size_t p = n / 2 - kept / 2; spec.kept_inputs.size() < kept; ++p) spec.kept_inputs.push_back(p);
  spec.output_weights.assign(n, 1 / std::sqrt(double(n)));
  return spec;
}

template <class R>
void start_at_inverse_fourier(const nn::AxisMonarch<R>& layer) {
  centred_inverse_fourier_factors<R>(layer.transform().spec().shape, layer.left().value(),
                                     layer.right().value());
}

}  // namespace

template <class R>
void centred_inverse_fourier_factors(const monarch::MonarchShape& shape, const Tensor<Complex<R>, 3>& left,
                                     const Tensor<Complex<R>, 3>& right) {
  // exp(2 pi i (o - c)(t - c) / n) = exp(2 pi i o t / n) exp(-2 pi i c o / n) exp(-2 pi i c (t - c) / n). In
  // double first: every entry is correct to rounding.
  const auto l64 = zeros<Complex<double>, 3>("left", shape.left()),
             r64 = zeros<Complex<double>, 3>("right", shape.right());
  monarch::fourier_factors<double>(shape, monarch::Fourier::inverse, l64, r64);
  const auto host_left = to_host(l64), host_right = to_host(r64);
  const auto l = Kokkos::create_mirror_view(left), r = Kokkos::create_mirror_view(right);
  const long n = long(shape.rows()), c = n / 2;
  for (size_t j = 0; j < shape.left_blocks; ++j)
    for (size_t row = 0; row < shape.left_rows; ++row)
      for (size_t k = 0; k < shape.right_blocks; ++k) {
        const long o = long(row * shape.left_blocks + j);
        const auto z = host_left(j, row, k) * fft::root_of_unity(-(c * o % n), n);
        l(j, row, k) = Complex<R>(R(z.real()), R(z.imag()));
      }
  for (size_t k = 0; k < shape.right_blocks; ++k)
    for (size_t j = 0; j < shape.left_blocks; ++j)
      for (size_t i = 0; i < shape.right_columns; ++i) {
        const long t = long(i * shape.right_blocks + k);
        const auto z = host_right(k, j, i) * fft::root_of_unity(-(c * (t + n - c) % n), n);
        r(k, j, i) = Complex<R>(R(z.real()), R(z.imag()));
      }
  copy(left, l);
  copy(right, r);
}

template <class R>
void density_weights(const Exec& space, const ConstTensor<R, 3>& mask, int reach, R power,
                     const Tensor<R, 3>& density) {
  const int rows = int(density.extent(1)), columns = int(density.extent(2));
  const int first_row = int(mask.extent(1)) / 2 - rows / 2,
            first_column = int(mask.extent(2)) / 2 - columns / 2;
  Kokkos::parallel_for(
      "danaus::mri::density_weights", over_rows(space, density.extent(0), density.extent(1)),
      KOKKOS_LAMBDA(int s, int j) {
        for (int k = 0; k < columns; ++k) {
          if (mask(s, first_row + j, first_column + k) == R(0)) {
            density(s, j, k) = 0;
            continue;
          }
          R sum = 0, total = 0;
          const int top = j < reach ? -j : -reach, bottom = rows - 1 - j < reach ? rows - 1 - j : reach;
          const int left = k < reach ? -k : -reach, right = columns - 1 - k < reach ? columns - 1 - k : reach;
          for (int v = top; v <= bottom; ++v)
            for (int h = left; h <= right; ++h) {
              const R weight = R((reach + 1 - (v < 0 ? -v : v)) * (reach + 1 - (h < 0 ? -h : h)));
              sum += weight * mask(s, first_row + j + v, first_column + k + h);
              total += weight;
            }
          density(s, j, k) = Kokkos::pow(total / sum, power);
        }
      });
}

template <class R>
Msense<R>::Msense(const LearnedModelConfig& config) : config_(config) {
  auto& c = config_;
  static const std::vector<std::string> densities{"none", "computed", "learned"};
  if (std::find(densities.begin(), densities.end(), c.density) == densities.end())
    throw UsageError("density: unknown " + c.density + "; did you mean " +
                     nearest_name(c.density, densities) + "?");
  if (c.block_y == 0) c.block_y = monarch::default_block(c.rows);
  if (c.block_z == 0) c.block_z = monarch::default_block(c.columns);
  auto& store = this->parameters_;
  along_y_.emplace(store, "inverse_y", inverse_spec(c.rows, c.acquired_rows, c.block_y, "block-y"), 1);
  along_z_.emplace(store, "inverse_z", inverse_spec(c.columns, c.acquired_columns, c.block_z, "block-z"), 2);
  if (c.density == "learned")
    weights_ = store.template add<R, 2>("density/weights", {c.acquired_rows, c.acquired_columns});
  store.freeze();
  start_at_inverse_fourier(*along_y_);
  start_at_inverse_fourier(*along_z_);
  if (weights_) fill(weights_->value(), R(1));
}

template <class R>
Var<Complex<R>, 4> Msense<R>::weighted_samples(Tape& tape, const SliceBatch<R>& batch) const {
  const size_t rows = config_.acquired_rows, columns = config_.acquired_columns;
  const auto density = tape.saved<R, 3>({batch.mask.extent(0), rows, columns});
  density_weights<R>(tape.space(), batch.mask, density_reach, R(density_power), density);
  return weighted_centre<R>(tape, batch.samples, density, weights_ ? &*weights_ : nullptr, rows, columns);
}

template <class R>
Var<Complex<R>, 4> Msense<R>::reconstruct(Tape& tape, const SliceBatch<R>& batch) const {
  const size_t columns = config_.acquired_columns;
  // Along y first: it is the longer transform, and there are fewer acquired columns than columns.
  const auto packed = along_y_->pack(tape);
  const auto inner = config_.density == "none"
                         ? transform_centre<R>(tape, *along_y_, packed, batch.samples, columns)
                         : (*along_y_)(tape, weighted_samples(tape, batch), packed);
  return transform_and_combine<R>(tape, *along_z_, along_z_->pack(tape), batch.maps, inner);
}

#define DANAUS_INSTANTIATE(R)                                                                           \
  template void centred_inverse_fourier_factors<R>(                                                     \
      const monarch::MonarchShape&, const Tensor<Complex<R>, 3>&, const Tensor<Complex<R>, 3>&);        \
  template void density_weights<R>(const Exec&, const ConstTensor<R, 3>&, int, R, const Tensor<R, 3>&); \
  template class Msense<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
