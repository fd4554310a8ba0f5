#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <utility>
#include <vector>

namespace danaus::monarch {

/// A butterfly matrix of n = 2^p points: p sparse factors, the factor of stage 0 applied first. Stage s mixes
/// the entries t and t + 2^s, t = (q / 2^s) 2^(s+1) + q mod 2^s, by the 2 x 2 matrix of pair q:
///
///     (y[t], y[t + 2^s]) = twiddle[s, q] (x[t], x[t + 2^s])
///
/// Source: Dao et al. 2019 (doi:10.48550/arXiv.1903.05895).
template <class T>
struct Butterfly {
  HostTensor<T, 4> twiddle;  ///< (stage, pair, row, column) = (p, n/2, 2, 2)

  size_t points() const { return 2 * twiddle.extent(1); }
};

/// The same matrix as one Monarch matrix, for every block size b | n: the stages inside blocks of b points
/// multiply to the right factor, the others, which mix blocks and keep the place inside, to the left.
/// @throws ShapeError unless the twiddles are (p, 2^(p-1), 2, 2) and block divides n
template <class T>
MonarchMatrix<T> butterfly_to_monarch(const Butterfly<T>& butterfly, size_t block);

/// A kaleidoscope matrix, the product of B_1 B_1'* , B_2 B_2'* , ... (the first pair is applied last), of
/// which the top-left corner of `points` rows and columns is kept: class (BB*)^w_e with w pairs and e =
/// B.points() / points. Each pair becomes three block-diagonal factors, w pairs 2 w + 1.
/// Source: Dao et al. 2020 (doi:10.48550/arXiv.2012.14966).
/// @throws ShapeError if sizes differ, or unless block divides the points that are kept
template <class T>
BlockProduct<T> kaleidoscope_to_monarch(const std::vector<std::pair<Butterfly<T>, Butterfly<T>>>& pairs,
                                        size_t points, size_t block);

}  // namespace danaus::monarch
