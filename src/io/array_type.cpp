#include <danaus/io/array_type.hpp>

namespace danaus::io {

namespace {
struct Properties {
  const char* name;
  std::size_t size;
};
constexpr Properties properties[] = {{"uint8", 1},       {"int8", 1},    {"uint16", 2},    {"int16", 2},
                                     {"uint32", 4},      {"int32", 4},   {"uint64", 8},    {"int64", 8},
                                     {"float32", 4},     {"float64", 8}, {"complex64", 8}, {"complex128", 16},
                                     {"another type", 0}};
}  // namespace

const char* name_of(ScalarType type) { return properties[int(type)].name; }
std::size_t size_of(ScalarType type) { return properties[int(type)].size; }
bool is_integer(ScalarType type) { return type < ScalarType::f32; }
bool is_floating(ScalarType type) { return type == ScalarType::f32 || type == ScalarType::f64; }
bool is_complex(ScalarType type) { return type == ScalarType::c64 || type == ScalarType::c128; }
bool is_signed(ScalarType type) {
  return type == ScalarType::i8 || type == ScalarType::i16 || type == ScalarType::i32 ||
         type == ScalarType::i64;
}

std::string to_string(const Extents& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + ")";
}

std::size_t ArrayInfo::size() const {
  std::size_t size = 1;
  for (std::size_t extent : shape) size *= extent;
  return size;
}

std::string describe(const ArrayInfo& info) {
  return "rank " + std::to_string(info.rank()) + " " + name_of(info.type) + " of shape " +
         to_string(info.shape);
}

std::string describe_expected(int rank, const std::vector<ScalarType>& types) {
  std::string text;
  if (rank >= 0) text = "rank " + std::to_string(rank) + (types.empty() ? "" : " ");
  for (std::size_t i = 0; i < types.size(); ++i)
    text += (i == 0 ? "" : i + 1 == types.size() ? " or " : ", ") + std::string(name_of(types[i]));
  return text;
}

}  // namespace danaus::io
