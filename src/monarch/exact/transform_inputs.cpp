#include <monarch/exact/transform_inputs.hpp>

#include <cmath>

namespace danaus::monarch {

namespace {

std::string shape_text(const std::vector<size_t>& shape) {
  std::string text = "(";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + ")";
}

}  // namespace

TransformInputs::TransformInputs(const TransformRequest& request, const TransformKind& kind)
    : request_(request), kind_(kind) {
  for (const auto& array : kind.arrays) {
    const auto found = request.arrays.find(array.name);
    if (found == request.arrays.end()) {
      if (array.is_required)
        throw UsageError("transform " + kind.name + " needs the array /" + array.name + " (" + array.meaning +
                         "); name a file that has it with --from");
      continue;
    }
    for (const auto& z : found->second.values)
      if (!std::isfinite(z.real()) || !std::isfinite(z.imag()))
        throw DataError("array /" + array.name + " holds a number that is not finite");
  }
}

size_t TransformInputs::size() const {
  if (request_.size == 0) throw UsageError("transform " + request_.kind + " needs --size");
  return request_.size;
}

void TransformInputs::require_size(const std::string& array, size_t found) const {
  if (request_.size != 0 && request_.size != found)
    throw DataError("array /" + array + " is made for " + std::to_string(found) + " points, --size is " +
                    std::to_string(request_.size));
}

size_t TransformInputs::block(size_t n) const {
  if (request_.block == 0) return default_block(n);
  if (n == 0 || n % request_.block != 0)
    throw UsageError("--block " + std::to_string(request_.block) + " does not divide " + std::to_string(n));
  return request_.block;
}

TrigonometricType TransformInputs::type() const {
  if (request_.type < 2 || request_.type > 4)
    throw UsageError("--type " + std::to_string(request_.type) + ": expected 2, 3 or 4");
  return TrigonometricType(request_.type);
}

bool TransformInputs::any_complex() const {
  for (const auto& array : kind_.arrays)
    if (has(array.name) && request_.arrays.at(array.name).is_complex) return true;
  return false;
}

const TransformArray& TransformInputs::checked(const std::string& array, size_t axes,
                                               bool may_be_complex) const {
  const TransformArray& a = request_.arrays.at(array);
  size_t size = 1;
  for (size_t extent : a.shape) size *= extent;
  if (a.shape.size() != axes || size != a.values.size() || size == 0)
    throw DataError("array /" + array + " has shape " + shape_text(a.shape) + "; expected " +
                    std::to_string(axes) + (axes == 1 ? " axis" : " axes") + " and at least one number");
  if (a.is_complex && !may_be_complex)
    throw DataError("array /" + array + " is complex; transform " + request_.kind + " takes real numbers");
  return a;
}

std::vector<size_t> TransformInputs::permutation(const std::string& array) const {
  const auto numbers = vector<double>(array);
  std::vector<bool> seen(numbers.size());
  std::vector<size_t> result;
  for (double x : numbers) {
    const bool fits = x >= 0 && x < double(numbers.size()) && x == std::floor(x);
    if (!fits || seen[size_t(x)])
      throw DataError("array /" + array + " is no permutation of 0 .. " + std::to_string(numbers.size() - 1));
    seen[size_t(x)] = true;
    result.push_back(size_t(x));
  }
  return result;
}

}  // namespace danaus::monarch
