import "../../../autoclip/report/tokens.css";
import "./style/base.css";
import { askEarly } from "./api/early";

askEarly(location.hash);
void import("./start");
