#pragma once

#include <danaus/core/complex.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace danaus::io {

/// The element types of arrays in files. `other`: strings, references, structures, wide floats.
enum class ScalarType { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, c64, c128, other };

/// "float32", "complex64", ... as NumPy names them.
const char* name_of(ScalarType type);
/// Bytes of one element; 0 for `other`.
std::size_t size_of(ScalarType type);
bool is_integer(ScalarType type);
/// f32 or f64.
bool is_floating(ScalarType type);
bool is_complex(ScalarType type);
bool is_signed(ScalarType type);

/// Extents of an array, slowest axis first; {} for a single number.
using Extents = std::vector<std::size_t>;

std::string to_string(const Extents& shape);

struct ArrayInfo {
  Extents shape;
  ScalarType type = ScalarType::other;
  std::size_t rank() const { return shape.size(); }
  /// Number of elements. The sizes of what a reader describes never overflow.
  std::size_t size() const;
};

/// "rank 3 float32 of shape (10, 64, 64)"
std::string describe(const ArrayInfo& info);

/// "rank 3 float32 or float64"
std::string describe_expected(int rank, const std::vector<ScalarType>& types);

using AttributeValue = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                                    std::vector<double>, std::vector<std::string>>;

/// The element type of a C++ type that arrays are read into and written from.
template <class T>
inline constexpr ScalarType scalar_type_v = ScalarType::other;
template <>
inline constexpr ScalarType scalar_type_v<std::uint8_t> = ScalarType::u8;
template <>
inline constexpr ScalarType scalar_type_v<std::int32_t> = ScalarType::i32;
template <>
inline constexpr ScalarType scalar_type_v<std::uint32_t> = ScalarType::u32;
template <>
inline constexpr ScalarType scalar_type_v<std::int64_t> = ScalarType::i64;
template <>
inline constexpr ScalarType scalar_type_v<std::uint64_t> = ScalarType::u64;
template <>
inline constexpr ScalarType scalar_type_v<float> = ScalarType::f32;
template <>
inline constexpr ScalarType scalar_type_v<double> = ScalarType::f64;
template <>
inline constexpr ScalarType scalar_type_v<Complex<float>> = ScalarType::c64;
template <>
inline constexpr ScalarType scalar_type_v<Complex<double>> = ScalarType::c128;

/// Every type for which `read<T>` and `write<T>` of this folder exist.
#define DANAUS_FOR_EACH_FILE_TYPE(MACRO) \
  MACRO(std::uint8_t)                    \
  MACRO(std::int32_t)                    \
  MACRO(std::uint32_t)                   \
  MACRO(std::int64_t)                    \
  MACRO(std::uint64_t) MACRO(float) MACRO(double) MACRO(Kokkos::complex<float>) MACRO(Kokkos::complex<double>)

}  // namespace danaus::io
