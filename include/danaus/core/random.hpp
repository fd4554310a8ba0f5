#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace danaus {

/// Counter-based random numbers: Philox4x32-10 of Salmon et al. 2011 (doi:10.1145/2063384.2063405).
///
/// The numbers are a pure function of (seed, stream, index): the same integers for any number of threads, in
/// any order, on CPU and GPU. Give each purpose its own stream (see Stream) and each entry its own index.
/// Normals come from Box-Muller in double precision: CPU and GPU agree to 2 ulp.
class Random {
 public:
  KOKKOS_INLINE_FUNCTION Random(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  struct Block {
    std::uint32_t word[4];
  };

  /// The 128 random bits of `index`: the Philox block with counter (index, stream) and key seed.
  KOKKOS_INLINE_FUNCTION Block bits(std::uint64_t index) const {
    Block c{{std::uint32_t(index), std::uint32_t(index >> 32), std::uint32_t(stream_),
             std::uint32_t(stream_ >> 32)}};
    std::uint32_t k0 = std::uint32_t(seed_), k1 = std::uint32_t(seed_ >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t(0xD2511F53u) * c.word[0];
      const std::uint64_t p1 = std::uint64_t(0xCD9E8D57u) * c.word[2];
      c = Block{{std::uint32_t(p1 >> 32) ^ c.word[1] ^ k0, std::uint32_t(p1),
                 std::uint32_t(p0 >> 32) ^ c.word[3] ^ k1, std::uint32_t(p0)}};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return c;
  }

  /// Uniform on [0, 1), 53 bits.
  KOKKOS_INLINE_FUNCTION double uniform(std::uint64_t index) const { return to_unit(bits(index), 0); }

  /// Uniform integer in [0, bound), without bias beyond 2^-64 * bound.
  KOKKOS_INLINE_FUNCTION std::uint64_t integer(std::uint64_t index, std::uint64_t bound) const {
    const Block b = bits(index);
    const std::uint64_t x = (std::uint64_t(b.word[1]) << 32) | b.word[0];
    // High half of the 128-bit product x * bound.
    const std::uint64_t xl = x & 0xFFFFFFFFu, xh = x >> 32, bl = bound & 0xFFFFFFFFu, bh = bound >> 32;
    const std::uint64_t mid = xh * bl + ((xl * bl) >> 32), mid2 = xl * bh + (mid & 0xFFFFFFFFu);
    return xh * bh + (mid >> 32) + (mid2 >> 32);
  }

  /// Two independent standard normals.
  KOKKOS_INLINE_FUNCTION Kokkos::pair<double, double> normal_pair(std::uint64_t index) const {
    const Block b = bits(index);
    const double radius = Kokkos::sqrt(-2.0 * Kokkos::log(1.0 - to_unit(b, 0)));
    const double angle = 6.283185307179586476925 * to_unit(b, 2);
    return {radius * Kokkos::cos(angle), radius * Kokkos::sin(angle)};
  }

  KOKKOS_INLINE_FUNCTION double normal(std::uint64_t index) const { return normal_pair(index).first; }

 private:
  KOKKOS_INLINE_FUNCTION static double to_unit(const Block& b, int word) {
    const std::uint64_t x = (std::uint64_t(b.word[word + 1]) << 32) | b.word[word];
    return double(x >> 11) * (1.0 / 9007199254740992.0);
  }

  std::uint64_t seed_, stream_;
};

/// The streams of the library, so that no two purposes share random numbers. Add `per-use number << 8` where
/// a purpose needs several.
namespace stream {
inline constexpr std::uint64_t initialization = 1;  ///< initial weights
inline constexpr std::uint64_t shuffle = 2;         ///< order of the samples in an epoch
inline constexpr std::uint64_t window = 3;          ///< random start frames
inline constexpr std::uint64_t noise = 4;           ///< input noise in training
inline constexpr std::uint64_t field = 5;           ///< Gaussian random fields of data sets
inline constexpr std::uint64_t sampling_mask = 16;  ///< k-space sampling patterns
inline constexpr std::uint64_t anatomy = 17;        ///< synthetic scans: shapes and tissue values
inline constexpr std::uint64_t coil_noise = 18;     ///< synthetic scans: receiver noise
inline constexpr std::uint64_t cycle_shift = 19;    ///< shifts of the wavelet grid, one per iteration
inline constexpr std::uint64_t augmentation = 20;   ///< of training slices: flips, shifts, phase
inline constexpr std::uint64_t undersampling = 21;  ///< acceleration and mask of a training slice
inline constexpr std::uint64_t test = 255;
}  // namespace stream

}  // namespace danaus
