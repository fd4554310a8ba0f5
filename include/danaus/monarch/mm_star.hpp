#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace danaus::monarch {

/// The product of a Monarch matrix and the adjoint of another, M1 M2*, in host memory:
///
///     A[(l, j), (l', j')] = sum_k outer[j, l, k] middle[k, j, j'] inner[j', k, l']
///
/// Three block-diagonal factors: the right factors of M1 and M2 have become one (Dao et al. 2022, proposition
/// 13, doi:10.48550/arXiv.2204.00595). Seen as a grid of blocks A_jj' (l, l'), each is outer_j diag(middle)
/// inner_j'. For n rows and block size b: 2 n^2/b + n b parameters. Real or complex.
template <class T>
class MMStar {
 public:
  using value_type = T;

  /// @param outer (j, l, k) @param middle (k, j, j') @param inner (j', k, l'), all shared @throws ShapeError
  MMStar(const HostTensor<T, 3>& outer, const HostTensor<T, 3>& middle, const HostTensor<T, 3>& inner);

  const HostTensor<T, 3>& outer() const { return outer_; }
  const HostTensor<T, 3>& middle() const { return middle_; }
  const HostTensor<T, 3>& inner() const { return inner_; }
  size_t rows() const { return outer_.extent(0) * outer_.extent(1); }
  size_t columns() const { return inner_.extent(0) * inner_.extent(2); }
  size_t parameters() const { return outer_.size() + middle_.size() + inner_.size(); }
  double flops() const { return (is_complex_v<T> ? 8.0 : 2.0) * double(parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const { return product_.apply(x); }
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const { return product_.adjoint(y); }
  HostTensor<T, 2> dense() const { return product_.dense(); }
  /// Order of the outputs, outer, middle, inner.
  const BlockProduct<T>& product() const { return product_; }

 private:
  HostTensor<T, 3> outer_, middle_, inner_;
  BlockProduct<T> product_;
};

/// M1 M2*. @throws ShapeError unless both have the same columns, blocks and input permutation
template <class T>
MMStar<T> mm_star(const MonarchMatrix<T>& m1, const MonarchMatrix<T>& m2);

/// M1* M2, three factors too. @throws ShapeError unless both have the same rows and left blocks
template <class T>
BlockProduct<T> m_star_m(const MonarchMatrix<T>& m1, const MonarchMatrix<T>& m2);

struct FactorizeOptions {
  /// Blocks whose condition number ‖B‖_1 ‖B^-1‖_1 is larger count as singular.
  double largest_condition = 1e13;
  /// Random combinations that are diagonalised; the best is kept.
  size_t diagonalizers = 4;
  /// Refinement stops at this relative error, or when it no longer helps. 0 refinements: one shot.
  double goal = 1e-15;
  size_t refinements = 60;
  /// When an assumption fails or the direct method is of no use, refine from the closest single Monarch
  /// matrix instead of throwing.
  bool approximate = false;
  std::uint64_t seed = 0;  ///< of the random combinations
};

struct FactorizeReport {
  double one_shot_error = 0;  ///< ‖A - M‖ / ‖A‖ (Frobenius) of the direct method; infinite if it failed
  double relative_error = 0;          ///< of what is returned
  std::vector<double> errors;         ///< after each refinement
  double block_condition = 0;         ///< the largest among the blocks that were inverted
  double diagonalizer_condition = 0;  ///< of the matrix that diagonalises them all
  std::string failed_assumption;      ///< empty if none did
};

/// Factors of a matrix of the class MM*^(b,n), n rows and block size b: real ones where they exist, else
/// complex.
///
/// Direct method (Dao et al. 2022, algorithm 2): with B_jj' the blocks of n/b x n/b rows and columns, all
///
///     F(j, j') = B_jq^-1 B_jj' B_pj'^-1 B_pq
///
/// are diagonal in one basis, that of inner_q. It is found from a random combination of them, the others
/// follow by multiplication. The pivot (p, q) is chosen so that the blocks of its row and column, which alone
/// are inverted, are as well conditioned as can be.
///
/// Refinement: with `inner` fixed, B_jj' inner_j'^-1 = outer_j diag: column k of all of them is a matrix of
/// rank one whose best fit gives outer; then the same from the other side. Each step averages over b blocks
/// what the basis of a single one got wrong: about a factor of 3 to 10 for each.
///
/// Relative error in double, measured for n = 64 ... 1024 with b = sqrt(n), 10 to 50 matrices each:
/// orthogonal or unitary blocks with log-normal diagonals at most 5e-12 directly, 1e-15 refined. Real
/// Gaussian factors 3e-10 (64), 9e-10 (256), 2e-9 (1024) directly, at most 6e-12 refined; complex ones 2e-11
/// and 6e-15. With kappa the largest condition number of a block that is inverted (1e2 in the first case, up
/// to 6e6 in the second): at most some 1e-5 eps kappa^2 directly, less than 1e-2 eps kappa refined.
///
/// @param a  n x n, finite
/// @throws ShapeError unless a is square and block divides n
/// @throws DataError naming the assumption that fails: an entry is not finite; the blocks of every pivot's
/// row and column include a singular one; the F(j, j') share no basis. (Circulants of short filters and the
/// identity have zero blocks: see circulant().)
template <class T>
std::variant<MMStar<double>, MMStar<Complex<double>>> factorize_mm_star(const HostTensor<T, 2>& a,
                                                                        size_t block,
                                                                        const FactorizeOptions& options = {},
                                                                        FactorizeReport* report = nullptr);

}  // namespace danaus::monarch
