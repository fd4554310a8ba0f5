#include <danaus/mri/training/augmentation.hpp>

#include <danaus/core/random.hpp>
#include <danaus/fft/root_of_unity.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace danaus::mri {

namespace {

/// Where index i of an axis of n comes from: reflection about n / 2, then a shift.
std::vector<size_t> sources(size_t n, bool flip, long shift) {
  std::vector<size_t> from(n);
  for (long i = 0; i < long(n); ++i) {
    long source = ((i - shift) % long(n) + long(n)) % long(n);
    if (flip) source = (2 * (long(n) / 2) - source + long(n)) % long(n);
    from[size_t(i)] = size_t(source);
  }
  return from;
}

/// exp(-2 pi i (p - n / 2) shift / n): the shift theorem.
std::vector<Complex<float>> shift_phase(size_t n, long shift) {
  std::vector<Complex<float>> phase(n);
  for (long p = 0; p < long(n); ++p) {
    const auto w = fft::root_of_unity(-((p - long(n) / 2) * shift % long(n)), long(n));
    phase[size_t(p)] = Complex<float>(float(w.real()), float(w.imag()));
  }
  return phase;
}

template <int R>
HostTensor<Complex<float>, R> uninitialized_host(const HostTensor<Complex<float>, R>& like) {
  return HostTensor<Complex<float>, R>(Kokkos::view_alloc(like.label(), Kokkos::WithoutInitializing),
                                       layout_of<R>(shape_of(like)));
}

}  // namespace

Augmentation draw_augmentation(std::uint64_t seed, size_t epoch, size_t sample, size_t rows, size_t columns) {
  const Random random(seed, stream::augmentation + (std::uint64_t(epoch) << 8));
  const auto draw = [&](int which) {
    return random.uniform(std::uint64_t(sample) * 8 + std::uint64_t(which));
  };
  const auto shift = [&](int which, size_t n) {
    const auto reach = long(n / 8);
    return long(draw(which) * double(2 * reach + 1)) - reach;
  };
  return {draw(0) < .5, draw(1) < .5, shift(2, rows), shift(3, columns), 6.283185307179586 * draw(4)};
}

TrainingSlice augmented(const TrainingSlice& slice, const Augmentation& how) {
  const size_t echoes = slice.kspace.extent(0), rows = slice.kspace.extent(1),
               columns = slice.kspace.extent(2), coils = slice.kspace.extent(3);
  const size_t inner = coils * slice.maps.extent(3);
  const auto rows_from = sources(rows, how.flip_y, how.shift_y),
             columns_from = sources(columns, how.flip_z, how.shift_z);
  const auto frequency_rows = sources(rows, how.flip_y, 0),
             frequency_columns = sources(columns, how.flip_z, 0);
  const auto phase_y = shift_phase(rows, how.shift_y), phase_z = shift_phase(columns, how.shift_z);
  const Complex<float> turn{float(std::cos(how.phase)), float(std::sin(how.phase))};

  TrainingSlice out{uninitialized_host<4>(slice.kspace), uninitialized_host<4>(slice.maps),
                    uninitialized_host<3>(slice.target)};
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      const Complex<float>* map = &slice.maps(rows_from[j], columns_from[k], 0, 0);
      std::copy(map, map + inner, &out.maps(j, k, 0, 0));
      const Complex<float> factor = turn * phase_y[j] * phase_z[k];
      for (size_t e = 0; e < echoes; ++e) {
        out.target(e, j, k) = turn * slice.target(e, rows_from[j], columns_from[k]);
        const Complex<float>* from = &slice.kspace(e, frequency_rows[j], frequency_columns[k], 0);
        Complex<float>* to = &out.kspace(e, j, k, 0);
        for (size_t c = 0; c < coils; ++c) to[c] = factor * from[c];
      }
    }
  return out;
}

}  // namespace danaus::mri
