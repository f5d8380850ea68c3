/**
 * What labels of common sets mean, in Chinese and in English; any other label is shown as it is.
 *
 * @type {Record<string, [string, string]>}
 */
export const MEANING = {
  PER: ["人名", "person"],
  PERSON: ["人名", "person"],
  LOC: ["地名", "location"],
  ORG: ["机构", "organization"],
  GPE: ["地缘政治实体", "geo-political"],
  TIME: ["时间", "time"],
  DATE: ["日期", "date"],
  MONEY: ["金额", "money"],
  FAC: ["设施", "facility"],
  PRODUCT: ["产品", "product"],
  address: ["地址", ""],
  book: ["书名", ""],
  company: ["公司", ""],
  game: ["游戏", ""],
  government: ["政府", ""],
  movie: ["电影", ""],
  name: ["姓名", ""],
  organization: ["组织", ""],
  position: ["职位", ""],
  scene: ["景点", ""],
};
