# SPDX-License-Identifier: Apache-2.0
# Reference values of two independent samples, as reference.R:
#     Rscript unpaired.R
# Made with R 4.2.2 and jsonlite.
library(jsonlite)
set.seed(7)

write_cases <- function(file, about, cases)
    write(toJSON(list(about = about, cases = cases), auto_unbox = TRUE, digits = I(15),
                 pretty = 1, na = "null", null = "null"), file)

# ---- rank sums without ties: exact, and normal with continuity correction beyond ----
pairs <- c(
    list(hollander_wolfe = list(c(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46),
                                c(1.15, 0.88, 0.90, 0.74, 1.21))),
    lapply(list(c(1, 1), c(2, 3), c(8, 8), c(12, 20), c(30, 30), c(5, 55), c(40, 45),
                c(100, 300)),
           function(n) list(round(rnorm(n[1]), 6), round(rnorm(n[2], 0.4), 6))))
untied <- lapply(unname(pairs), function(p)
    list(first = p[[1]], second = p[[2]], p_value = wilcox.test(p[[1]], p[[2]],
         exact = length(p[[1]]) + length(p[[2]]) <= 60)$p.value,
         shift = median(outer(p[[2]], p[[1]], "-"))))

# ---- with ties: all ways counted; beyond 60 values normal, corrected ----
count_all <- function(x, y) {
    r <- rank(c(x, y))
    mean <- length(x) * (length(r) + 1) / 2
    sums <- combn(length(r), length(x), function(i) sum(r[i]))
    mean(abs(sums - mean) >= abs(sum(r[seq_along(x)]) - mean) - 1e-9)
}
tied <- lapply(list(c(3, 4), c(6, 6), c(8, 9), c(4, 14)), function(n) {
    x <- 20 * rbinom(n[1], 6, 0.4)
    y <- 20 * rbinom(n[2], 6, 0.6)
    list(first = x, second = y, p_value = count_all(x, y),
         shift = median(outer(y, x, "-")))
})
many <- list({
    x <- 20 * rbinom(50, 6, 0.4)
    y <- 20 * rbinom(60, 6, 0.5)
    list(first = x, second = y, p_value = suppressWarnings(wilcox.test(x, y))$p.value,
         shift = median(outer(y, x, "-")))
})
write_cases("unpaired.json",
            "wilcox.test(x, y)$p.value, with ties all ways counted; median(outer(y, x, \"-\"))",
            lapply(c(untied, tied, many), function(case) {
                case$first <- as.list(case$first)
                case$second <- as.list(case$second)
                case
            }))

# ---- Fisher ----
rates <- list(c(3, 4, 1, 4), c(10, 10, 10, 10), c(20, 20, 14, 20), c(48, 48, 40, 48),
              c(1, 10, 9, 10), c(990, 1000, 960, 1000), c(5, 5, 0, 5))
write_cases("fisher.json", "fisher.test(alternative = \"less\") of after against before",
            lapply(rates, function(r) list(before = r[1:2], after = r[3:4],
                p_value = fisher.test(matrix(c(r[3], r[4] - r[3], r[1], r[2] - r[1]), 2),
                                      alternative = "less")$p.value)))
