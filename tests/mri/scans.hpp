#pragma once

#include <danaus/core/random.hpp>
#include <danaus/core/tensor.hpp>
#include <danaus/mri/operators/sense_operator.hpp>

#include <support/random.hpp>

namespace danaus::test {

/// Smooth sensitivities of unit norm over the coils, (1, y, z, coil, 1).
template <class R>
Tensor<Complex<R>, 5> smooth_maps(size_t rows, size_t columns, size_t coils) {
  HostTensor<Complex<R>, 5> maps("maps", 1, rows, columns, coils, 1);
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      double power = 0;
      const double y = double(j) / double(rows) - .5, z = double(k) / double(columns) - .5;
      std::vector<Complex<double>> s(coils);
      for (size_t c = 0; c < coils; ++c) {
        const double angle = 6.283185307179586 * double(c) / double(coils);
        const double size = 1.2 + std::cos(angle) * y + std::sin(angle) * z;
        const double phase = .8 * std::sin(angle) * y - .6 * std::cos(angle) * z + angle;
        s[c] = Complex<double>(size * std::cos(phase), size * std::sin(phase));
        power += size * size;
      }
      for (size_t c = 0; c < coils; ++c) {
        const auto v = s[c] / std::sqrt(power);
        maps(0, j, k, c, 0) = Complex<R>(R(v.real()), R(v.imag()));
      }
    }
  return to_device<Complex<R>, 5>(maps);
}

/// A few constant shapes on zero, (1, y, z, 1): sparse gradients, as images have them.
template <class R>
Tensor<Complex<R>, 4> shapes_image(size_t rows, size_t columns) {
  HostTensor<Complex<R>, 4> x("x", 1, rows, columns, 1);
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      const double y = 2 * double(j) / double(rows) - 1, z = 2 * double(k) / double(columns) - 1;
      double value = y * y + z * z < .7 ? 1 : 0;
      if (std::abs(y - .2) < .25 && std::abs(z + .1) < .3) value += .6;
      if ((y + .4) * (y + .4) + (z - .3) * (z - .3) < .03) value -= .5;
      x(0, j, k, 0) = Complex<R>(R(value), R(.3 * value));
    }
  return to_device<Complex<R>, 4>(x);
}

template <class R>
Tensor<R, 3> random_samples(size_t rows, size_t columns, double share) {
  HostTensor<R, 3> mask("mask", 1, rows, columns);
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      const bool centre =
          std::abs(double(j) - double(rows / 2)) < 4 && std::abs(double(k) - double(columns / 2)) < 4;
      mask(0, j, k) = centre || Random(9, stream::test).uniform(j * columns + k) < share;
    }
  return to_device<R, 3>(mask);
}

}  // namespace danaus::test
