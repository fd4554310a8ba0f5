#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <map>
#include <string>
#include <variant>
#include <vector>

/// The known transforms by name: what `danaus-matrix transform --kind` offers.
namespace danaus::monarch {

/// Numbers that a transform is made from, as they lie in a file.
struct TransformArray {
  std::vector<size_t> shape;
  std::vector<Complex<double>> values;  ///< row-major
  bool is_complex = false;              ///< real arrays alone give real factors
};

/// A transform that can be asked for by name.
struct TransformKind {
  struct Array {
    std::string name, meaning;
    bool is_required = true;
  };
  std::string name, summary;
  std::vector<Array> arrays = {};  ///< what it is made from beside its size
};

struct TransformRequest {
  std::string kind;
  size_t size = 0;   ///< points; 0: as the arrays say
  size_t block = 0;  ///< block size b; 0: the divisor that default_block() chooses
  int type = 2;      ///< of dct and dst: 2, 3 or 4
  std::map<std::string, TransformArray> arrays = {};
};

/// One factor pair where the transform is a Monarch matrix, else a product; real factors for real transforms.
template <class R>
using ExactTransform =
    std::variant<MonarchMatrix<R>, MonarchMatrix<Complex<R>>, BlockProduct<R>, BlockProduct<Complex<R>>>;

/// All kinds, in the order of their help text.
const std::vector<TransformKind>& transform_kinds();

/// The exact factors of a transform, rounded to R.
/// @throws UsageError if the kind is unknown, an array is missing, or size, block or type do not fit
/// @throws DataError if an array has the wrong shape, is complex where numbers must be real, or holds a
/// number
///         that is not finite
template <class R>
ExactTransform<R> exact_transform(const TransformRequest& request);

}  // namespace danaus::monarch
