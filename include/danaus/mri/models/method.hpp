#pragma once

#include <danaus/mri/operators/sense_operator.hpp>
#include <danaus/mri/solvers/cg_sense.hpp>

#include <optional>
#include <string>
#include <vector>

namespace danaus::mri {

/// What a method is told; a negative number stands for the method's own default.
struct MethodSettings {
  int iterations = -1;
  double lambda = -1;
  std::uint64_t seed = 0;
  /// Rows and columns of k-space that the image is limited to, as BandLimit: those that were acquired.
  std::optional<Shape<2>> band = std::nullopt;
};

/// One way to make images from samples. Learned models are further entries of the same table.
struct Method {
  std::string name, summary;
  std::string objective;  ///< what is minimised, with lambda; empty if nothing is
  int iterations = 0;     ///< default; 0: not iterative
  double lambda = 0;      ///< default
  size_t parameters = 0;  ///< learned real numbers
  /// images x (batch, y, z, map) from samples y (batch, ky, kz, coil)
  std::function<void(const Exec&, const SenseOperator<float>& a, ConstTensor<Complex<float>, 4> y,
                     const MethodSettings&, Images<float> x, const Monitor&)>
      run;
  std::function<size_t(const Shape<4>& image)> workspace_bytes;

  MethodSettings resolve(const MethodSettings& settings) const;
};

/// zero-filled, cg-sense, l1-wavelet, tv.
const std::vector<Method>& methods();
std::vector<std::string> method_names();
/// @throws UsageError with the nearest name
const Method& find_method(const std::string& name);

}  // namespace danaus::mri
